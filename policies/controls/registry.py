"""All controls of the pack, in the order they run."""

from __future__ import annotations

from policies.controls import (
    athena,
    coverage,
    glue,
    glue_catalog,
    iam_passrole,
    iam_permissions,
    iam_roles,
    kms,
    lake_formation,
    logs,
    s3,
    s3_policies,
)
from policies.controls.control import Control
from policies.errors import PolicyPackError

_FAMILIES = (
    s3,
    s3_policies,
    kms,
    glue,
    glue_catalog,
    lake_formation,
    athena,
    logs,
    iam_permissions,
    iam_roles,
    iam_passrole,
    coverage,
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
