"""The pipeline as data: which crawlers and jobs there are, what they read and write, in which order."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CrawlerPlan:
    """A crawler that compares a zone's declared tables with its objects."""

    name: str
    zone: str
    description: str


@dataclass(frozen=True)
class JobPlan:
    """A job: its script under etl/jobs/, the zones it reads and the one it writes (None: the warehouse)."""

    name: str
    script: str
    reads: tuple[str, ...]
    writes: str | None
    description: str


RAW_CRAWLER = CrawlerPlan(
    "raw-data-crawler", "raw", "Compares the raw CSV files with the declared tables and logs drift"
)
RAW_TO_PROCESSED = JobPlan(
    "raw-to-processed",
    "raw_to_processed.py",
    ("raw",),
    "processed",
    "Validates raw CSV and publishes it as partitioned Parquet",
)
PROCESSED_CRAWLER = CrawlerPlan(
    "processed-data-crawler",
    "processed",
    "Compares the processed Parquet with the declared tables and logs drift",
)
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

STEPS: tuple[CrawlerPlan | JobPlan, ...] = (
    RAW_CRAWLER,
    RAW_TO_PROCESSED,
    PROCESSED_CRAWLER,
    PROCESSED_TO_CURATED,
    PROCESSED_TO_REDSHIFT,
)
"""The workflow: each step starts when the one before it succeeded."""

CRAWLERS = tuple(step for step in STEPS if isinstance(step, CrawlerPlan))
JOBS = tuple(step for step in STEPS if isinstance(step, JobPlan))
