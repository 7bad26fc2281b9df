"""All controls of the pack, in the order they run."""

from __future__ import annotations

from policies.controls import (
    athena,
    athena_limits,
    completeness,
    coverage,
    endpoints,
    events,
    functions,
    glue,
    glue_catalog,
    glue_connections,
    glue_jobs,
    glue_roles,
    governance,
    governed_access,
    iam_escalation,
    iam_hygiene,
    iam_key_pairs,
    iam_managed,
    iam_needs,
    iam_passrole,
    iam_permissions,
    iam_resolution,
    iam_roles,
    kms,
    kms_breadth,
    kms_use,
    lake_formation,
    logs,
    messaging,
    network,
    policy_exclusions,
    policy_scope,
    quicksight,
    redshift,
    redshift_data,
    redshift_operations,
    references,
    s3,
    s3_exposure,
    s3_objects,
    s3_perimeter,
    s3_policies,
    s3_replication,
    s3_retention,
    security_groups,
    subscriptions,
    trail_buckets,
    trails,
    watching,
)
from policies.controls.control import Control
from policies.errors import PolicyPackError

_FAMILIES = (
    athena,
    athena_limits,
    completeness,
    coverage,
    endpoints,
    events,
    functions,
    glue,
    glue_catalog,
    glue_connections,
    glue_jobs,
    glue_roles,
    governance,
    governed_access,
    iam_escalation,
    iam_hygiene,
    iam_key_pairs,
    iam_managed,
    iam_needs,
    iam_passrole,
    iam_permissions,
    iam_resolution,
    iam_roles,
    kms,
    kms_breadth,
    kms_use,
    lake_formation,
    logs,
    messaging,
    network,
    policy_exclusions,
    policy_scope,
    security_groups,
    subscriptions,
    quicksight,
    redshift,
    redshift_data,
    redshift_operations,
    references,
    s3,
    s3_perimeter,
    s3_objects,
    s3_policies,
    s3_replication,
    s3_retention,
    s3_exposure,
    trails,
    trail_buckets,
    watching,
)


def _checked(controls: tuple[Control, ...]) -> tuple[Control, ...]:
    for label in ("id", "name"):
        seen: set[str] = set()
        for control in controls:
            value = getattr(control, label)
            if value in seen:
                raise PolicyPackError(f"two controls have the {label} '{value}'", "policies/controls")
            seen.add(value)
    return controls


CONTROLS: tuple[Control, ...] = _checked(
    tuple(sorted((c for family in _FAMILIES for c in family.CONTROLS), key=lambda control: control.id))
)
