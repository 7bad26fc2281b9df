"""The pipeline as data: which crawlers and jobs there are, what they read and write, what starts which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etl.catalog import Zone, tables

CRAWLERS_A_TRIGGER = 2
"""How many crawlers AWS lets one trigger start. https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html"""

MAIN_TABLE = "transactions"
"""The table whose crawler is called after its zone alone; those of the others add their table's name."""


@dataclass(frozen=True)
class CrawlerPlan:
    """A crawler that compares one declared table with its objects.

    Lake Formation lends a crawler its credentials for a single table of the catalog.
    https://docs.aws.amazon.com/glue/latest/dg/crawler-lf-integ.html
    """

    name: str
    zone: Zone
    table: str
    description: str


@dataclass(frozen=True)
class JobPlan:
    """A job: its script under etl/jobs/, the zones it reads and the one it writes (None: the warehouse)."""

    name: str
    script: str
    reads: tuple[str, ...]
    writes: str | None
    description: str


StepPlan = CrawlerPlan | JobPlan


@dataclass(frozen=True)
class TriggerPlan:
    """A trigger: it starts `starts` once all of `after` succeeded; with none of that it starts the run."""

    starts: tuple[StepPlan, ...]
    after: tuple[StepPlan, ...]

    @property
    def name(self) -> str:
        """What it is called after: the first of what it starts."""
        return self.starts[0].name


def crawler_family(zone: Zone) -> str:
    """Return what the crawlers of a zone have in common in their names."""
    return f"{zone}-data-crawler"


def crawlers(zone: Zone, files: str) -> tuple[CrawlerPlan, ...]:
    """Return a crawler for each table that the contracts declare in a zone, the main table's first."""
    names = sorted((table.name for table in tables(zone)), key=lambda name: name != MAIN_TABLE)
    return tuple(
        CrawlerPlan(
            crawler_family(zone) + ("" if name == MAIN_TABLE else f"-{name.replace('_', '-')}"),
            zone,
            name,
            f"Compares the {files} of {name} with the declared table and logs drift",
        )
        for name in names
    )


RAW_CRAWLERS = crawlers(Zone.RAW, "raw CSV files")
RAW_TO_PROCESSED = JobPlan(
    "raw-to-processed",
    "raw_to_processed.py",
    ("raw",),
    "processed",
    "Validates raw CSV and publishes it as partitioned Parquet",
)
PROCESSED_CRAWLERS = crawlers(Zone.PROCESSED, "processed Parquet")
PROCESSED_TO_CURATED = JobPlan(
    "processed-to-curated",
    "processed_to_curated.py",
    ("processed",),
    "curated",
    "Aggregates processed data into the curated tables",
)
PROCESSED_TO_REDSHIFT = JobPlan(
    "processed-to-redshift",
    "processed_to_redshift.py",
    ("processed", "curated"),
    None,
    "Loads what changed in processed and curated data into the warehouse",
)

STAGES: tuple[tuple[StepPlan, ...], ...] = (
    RAW_CRAWLERS,
    (RAW_TO_PROCESSED,),
    PROCESSED_CRAWLERS,
    (PROCESSED_TO_CURATED,),
    (PROCESSED_TO_REDSHIFT,),
)
"""The workflow: the steps of a stage start when all of the stage before it succeeded."""

CRAWLERS = (*RAW_CRAWLERS, *PROCESSED_CRAWLERS)
JOBS = (RAW_TO_PROCESSED, PROCESSED_TO_CURATED, PROCESSED_TO_REDSHIFT)


def triggers(stages: Sequence[Sequence[StepPlan]] = STAGES) -> Iterator[TriggerPlan]:
    """Yield the triggers of the workflow, the one that starts it first.

    A stage of more crawlers than a trigger may start takes several triggers, which fire side by side. Only
    one trigger may start a workflow: what it cannot start of the first stage follows on what it did start.
    https://docs.aws.amazon.com/glue/latest/dg/blueprint_workflow_restrictions.html
    """
    after: tuple[StepPlan, ...] = ()
    for stage in stages:
        groups = [
            tuple(stage[at : at + CRAWLERS_A_TRIGGER]) for at in range(0, len(stage), CRAWLERS_A_TRIGGER)
        ]
        if not after:
            yield TriggerPlan(groups[0], ())
            after, groups = groups[0], groups[1:]
        for group in groups:
            yield TriggerPlan(group, after)
        after = tuple(stage)
