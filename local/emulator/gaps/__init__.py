"""Mends what moto lacks or does otherwise than AWS, for the operations the platform uses.

What nearly every stack uses is installed at the start; a service that takes long to import is mended at its
first call.
"""

from importlib import import_module

from moto.moto_api import state_manager

from local.emulator.gaps import (
    athena_queries,
    athena_workgroups,
    events,
    glue_catalog,
    glue_crawlers,
    glue_jobs,
    glue_triggers,
    glue_workflows,
    kms,
    lakeformation_filters,
    lakeformation_permissions,
    lakeformation_tags,
    logs,
    s3_buckets,
    s3_configurations,
    s3_objects,
    s3_policies,
    s3_rules,
)

_MODULES = (
    s3_configurations,
    s3_buckets,
    s3_objects,
    s3_policies,
    s3_rules,
    events,
    glue_catalog,
    glue_crawlers,
    glue_jobs,
    glue_triggers,
    glue_workflows,
    athena_workgroups,
    athena_queries,
    kms,
    logs,
    lakeformation_permissions,
    lakeformation_tags,
    lakeformation_filters,
)

# States that moto would end by itself and that here only the runner ends, through the control API.
_DRIVEN = ("glue::job_run", "glue::crawl", "athena::execution")

# Services mended at their first call, by moto's name for them.
LATER = {
    "budgets": "local.emulator.gaps.budgets",
    "ce": "local.emulator.gaps.cost_explorer",
    "cloudformation": "local.emulator.gaps.cloudformation",
    "cloudtrail": "local.emulator.gaps.cloudtrail",
    "cloudwatch": "local.emulator.gaps.cloudwatch",
    "ec2": "local.emulator.gaps.ec2",
    "quicksight": "local.emulator.gaps.quicksight",
    "redshift": "local.emulator.gaps.redshift",
    "redshiftdata": "local.emulator.gaps.redshift_data",
    "scheduler": "local.emulator.gaps.scheduler",
}
_installed: set[str] = set()


def install() -> None:
    """Extends moto in this process, once."""
    if "" in _installed:
        return
    _installed.add("")
    for model in _DRIVEN:
        state_manager.set_transition(model, {"progression": "manual", "times": 1 << 62})
    for module in _MODULES:
        module.install()


def prepare(service: str) -> None:
    """Extends one of the services mended later, once; call it before the service's first request."""
    if service in LATER and service not in _installed:
        _installed.add(service)
        import_module(LATER[service]).install()
