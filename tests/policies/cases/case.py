"""What a control must say of one stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.policies.protocol_support import Res

FORMS = ("pass", "fail", "unknown", "legacy", "sidecar")


@dataclass(frozen=True)
class Case:
    """A stack and its name, the verdict expected, and the resource it must fall on (for findings)."""

    stack: Sequence[Res]
    verdict: str
    on: str = ""
    says: str = ""
    within: str = "dev"


@dataclass(frozen=True)
class Absent:
    """Why a form of fixture does not exist for a control."""

    reason: str


Forms = Mapping[str, Sequence[Case] | Absent]


def passes(stack: Sequence[Res], within: str = "dev") -> Case:
    return Case(stack, "PASS", within=within)


def fails(stack: Sequence[Res], on: str, says: str = "", within: str = "dev") -> Case:
    return Case(stack, "FAIL", on, says, within)


def unverified(stack: Sequence[Res], on: str, says: str = "", within: str = "dev") -> Case:
    return Case(stack, "UNVERIFIED", on, says, within)


NO_LEGACY = Absent("the provider never had another token or shape for this type")
NO_SIDECAR = Absent("the setting exists on the resource itself only")
