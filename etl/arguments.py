"""Arguments of the jobs: our own are checked all at once, Glue's own are accepted and ignored."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from etl.engine_names import DUCKDB, NAMES
from etl.errors import DataLakeError
from etl.market import Market

_OWN = (
    "lake_uri",
    "catalog_database",
    "metric_namespace",
    "market_timezone",
    "price_floor",
    "price_cap",
    "datasets",
    "load_dates",
    "force",
    "engine",
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class ArgumentFault(DataLakeError):
    """The job was started with arguments it cannot work with."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a job was asked to do; None means everything that is new.

    `catalog_database` holds the tables whose partitions the job registers, `metric_namespace` takes the run's
    metrics; without them none are. `engine` is one of engine_names.NAMES.
    """

    lake_uri: str
    catalog_database: str | None
    metric_namespace: str | None
    market: Market
    datasets: tuple[str, ...] | None
    load_dates: tuple[str, ...] | None
    force: bool
    engine: str


def parse(argv: Sequence[str]) -> Arguments:
    """Parse `--name value` and `--name=value` pairs; ArgumentFault lists every fault."""
    values, faults = _pairs(argv), list[str]()
    if not values.get("lake_uri"):
        faults.append("--lake_uri is missing; give s3://BUCKET/ or file:///FOLDER/")
    prices = {}
    for name, default in (("price_floor", -500.0), ("price_cap", 4000.0)):
        text = values.get(name)
        try:
            prices[name] = default if text is None else float(text)
        except ValueError:
            faults.append(f"--{name} is {text!r}, not a number of EUR/MWh")
    days = _items(values.get("load_dates"))
    faults += [
        f"--load_dates holds {d!r}, not a date YYYY-MM-DD" for d in days or () if not _DAY.fullmatch(d)
    ]
    engine = values.get("engine", DUCKDB)
    if engine not in NAMES:
        faults.append(f"--engine is {engine!r}, not one of {', '.join(NAMES)}")
    market: Market | None = None
    if not faults:
        try:
            market = Market(
                values.get("market_timezone", "Europe/Madrid"), prices["price_floor"], prices["price_cap"]
            )
        except DataLakeError as error:
            faults.append(error.what)
    if faults or market is None:
        raise ArgumentFault(
            "; ".join(faults), where="job arguments", fix="See etl/jobs for what a job accepts."
        )
    force = values.get("force", "false").lower() == "true"
    return Arguments(
        values["lake_uri"],
        values.get("catalog_database"),
        values.get("metric_namespace"),
        market,
        _items(values.get("datasets")),
        days,
        force,
        engine,
    )


def _pairs(argv: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(argv):
        name, equals, value = argv[at].removeprefix("--").partition("=")
        at += 1
        if not equals and at < len(argv) and not argv[at].startswith("--"):
            value = argv[at]
            at += 1
        if name in _OWN:
            found[name] = value
    return found


def _items(text: str | None) -> tuple[str, ...] | None:
    return tuple(item.strip() for item in text.split(",") if item.strip()) if text else None
