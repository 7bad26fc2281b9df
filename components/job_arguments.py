"""The arguments a job carries: what the scripts read, and what Glue itself reads."""

from components.artifacts import Artifact
from components.names import Names, Store
from components.pipeline_plan import JobPlan
from components.setting_groups import EngineJob
from components.settings import Settings
from components.warehouse_policies import COPY_ROLE


def job_arguments(
    names: Names, settings: Settings, job: JobPlan, package: Artifact, modules: str
) -> dict[str, str]:
    """Return the default arguments of a job that writes a zone; prices are in EUR/MWh.

    https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-etl-glue-arguments.html
    """
    market = settings.market
    limits = settings.jobs.by_name()[job.name]
    return {
        **_common(names, job, package),
        **({"--engine": limits.engine} if isinstance(limits, EngineJob) else {}),
        "--catalog_database": names.database(str(job.writes)),
        "--market_timezone": market.timezone,
        "--price_floor": _number(market.price_floor),
        "--price_cap": _number(market.price_cap),
        "--additional-python-modules": modules,
    }


def load_arguments(
    names: Names, settings: Settings, job: JobPlan, package: Artifact, model: Artifact
) -> dict[str, str]:
    """Return the default arguments of the job that loads the warehouse, whose tables `model` describes.

    There are no additional modules: its network has no way to where they would come from.
    """
    return {
        **_common(names, job, package),
        "--warehouse_model": names.uri(Store.ARTIFACTS, model.key),
        "--warehouse_cluster": names.cluster,
        "--warehouse_database": settings.warehouse.database,
        "--copy_role": names.role_arn(COPY_ROLE),
    }


def _common(names: Names, job: JobPlan, package: Artifact) -> dict[str, str]:
    return {
        "--lake_uri": names.uri(Store.DATA),
        "--metric_namespace": names.run_metric_namespace,
        "--job-language": "python",
        "--extra-py-files": names.uri(Store.ARTIFACTS, package.key),
        "--TempDir": names.uri(Store.ARTIFACTS, names.temporary_prefix(job.name)),
        "--job-bookmark-option": "job-bookmark-disable",
        "--enable-metrics": "true",
        "--enable-observability-metrics": "true",
        "--enable-continuous-cloudwatch-log": "true",
    }


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)
