"""What a control is, and what it says of a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource


class Verdict(StrEnum):
    """What a control found out about one resource."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNVERIFIED = "UNVERIFIED"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class Severity(StrEnum):
    """How much harm a failed control lets in."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Category(StrEnum):
    """The aim a control serves."""

    ENCRYPTION = "encryption"
    TLS = "tls"
    NETWORK = "network"
    LEAST_PRIVILEGE = "least-privilege"
    AUDIT = "audit"
    RESILIENCE = "resilience"
    COST = "cost"
    GOVERNANCE = "governance"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one resource.

    Args:
        verdict: The verdict.
        resource: The resource to repair; for PASS the one that was looked at.
        what: What is wrong, with the counter-example; why, for UNVERIFIED and NOT_APPLICABLE.
        fix: The repair for this case where it is more precise than the control's own.
        of_account: Whether it is about something missing that an account has once, so that another stack of
            the account may rightly have it.

    """

    verdict: Verdict
    resource: Resource
    what: str = ""
    fix: str = ""
    of_account: bool = False


def passes(resource: Resource) -> Judgement:
    """Judge that the resource meets the control."""
    return Judgement(Verdict.PASS, resource)


def fails(resource: Resource, what: str, fix: str = "") -> Judgement:
    """Judge that the resource breaks the control."""
    return Judgement(Verdict.FAIL, resource, what, fix)


def lacks_account_setting(resource: Resource, what: str) -> Judgement:
    """Judge that nothing in the stack makes a setting that an account has once."""
    return Judgement(Verdict.FAIL, resource, what, of_account=True)


def unverified(resource: Resource, what: str) -> Judgement:
    """Judge that the control cannot be decided."""
    return Judgement(Verdict.UNVERIFIED, resource, what)


def not_applicable(resource: Resource, why: str) -> Judgement:
    """Judge that the control asks nothing of this resource."""
    return Judgement(Verdict.NOT_APPLICABLE, resource, why)


def settle(resource: Resource, problems: Iterable[Judgement]) -> Iterator[Judgement]:
    """Return the problems found with a resource, or a pass when there are none."""
    found = False
    for problem in problems:
        found = True
        yield problem
    if not found:
        yield passes(resource)


Judge = Callable[[Graph], Iterator[Judgement]]


@dataclass(frozen=True, slots=True)
class Control:
    """One rule of the gate.

    Args:
        id: Stable identifier (`DL-S3-06`); never reused.
        name: Policy name in Pulumi and in configuration files (`s3-tls-only`).
        title: What holds when the control passes, as one sentence.
        severity: Harm of a failure.
        category: Aim.
        why: Why it matters.
        fix: How to repair a failure, in the program's own terms.
        judge: Pure function from the graph to judgements, at least one for each resource looked at.
        kinds: Kinds of resources it looks at.
        alone: Kinds for which a failure seen in one resource's inputs can never be mended by another
            resource: these stop an update before the resource is created.
        anchors: Identifiers of the same rule in other tools.
        advisory: Whether it informs only, also where the stack must fail closed.
        presence: Whether it asks for a resource that the stack does not have, which a stack that shares its
            account with others may rightly leave to them.
        of_account: Whether it asks for a setting that an account has once: `policies/profiles/stacks.yaml`
            may name the stack that makes it.

    """

    id: str
    name: str
    title: str
    severity: Severity
    category: Category
    why: str
    fix: str
    judge: Judge
    kinds: frozenset[Kind]
    alone: frozenset[Kind] = frozenset()
    anchors: tuple[str, ...] = ()
    advisory: bool = False
    presence: bool = False
    of_account: bool = False

    def message(self, judgement: Judgement) -> str:
        """Return the text of a finding: control, resource, what is wrong, why, the repair, how bad it is."""
        verdict = "" if judgement.verdict is Verdict.FAIL else f"{judgement.verdict}: "
        return (
            f"{verdict}[{self.id} {self.name}] {judgement.resource}: {judgement.what}"
            f"\n  Why: {self.why}\n  Fix: {judgement.fix or self.fix}\n  Severity: {self.severity}"
        )
