"""The arguments a job carries: what the scripts read, and what Glue itself reads."""

from components.artifacts import Artifact
from components.names import Names, Store
from components.pipeline_plan import JobPlan
from components.settings import Settings


def job_arguments(
    names: Names, settings: Settings, job: JobPlan, package: Artifact, modules: str
) -> dict[str, str]:
    """Return a job's default arguments; prices are in EUR/MWh.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
    """
    market = settings.market
    return {
        "--lake_uri": names.uri(Store.DATA),
        "--catalog_database": names.database(job.writes),
        "--metric_namespace": names.run_metric_namespace,
        "--market_timezone": market.timezone,
        "--price_floor": _number(market.price_floor),
        "--price_cap": _number(market.price_cap),
        "--job-language": "python",
        "--extra-py-files": names.uri(Store.ARTIFACTS, package.key),
        "--additional-python-modules": modules,
        "--TempDir": names.uri(Store.ARTIFACTS, names.temporary_prefix(job.name)),
        "--job-bookmark-option": "job-bookmark-disable",
        "--enable-metrics": "true",
        "--enable-observability-metrics": "true",
        "--enable-continuous-cloudwatch-log": "true",
    }


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)
