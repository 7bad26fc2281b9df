"""Findings for people: grouped by resource, each with what is wrong and the fix."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from policies.controls.control import Verdict
from policies.levels import Level
from policies.ruling import Finding, Ruling


def text(ruling: Ruling, *, coverage: bool = False) -> str:
    """Return a ruling as lines of text; the gravest resource last, where a terminal leaves the eye.

    Args:
        ruling: The ruling.
        coverage: Whether to say also which control looked at which resource.

    """
    lines = [*(_coverage(ruling) if coverage else ()), *_resources(ruling)]
    lines += [f"✗ {void}\n" for void in ruling.void]
    lines += [f"· {idle}\n" for idle in ruling.idle]
    return "\n".join([*lines, _summary(ruling)])


def _resources(ruling: Ruling) -> Iterator[str]:
    ordered = sorted(ruling.findings, key=lambda finding: finding.judgement.resource.urn)
    groups = [(urn, list(found)) for urn, found in groupby(ordered, lambda f: f.judgement.resource.urn)]
    groups.sort(key=lambda group: (any(finding.stops for finding in group[1]), group[0]))
    for urn, found in groups:
        resource = found[0].judgement.resource
        yield f"{resource.name or 'the stack'}  {resource.token}\n  {urn}"
        for finding in sorted(found, key=lambda f: (not f.stops, f.control.id)):
            yield from _finding(finding)
        yield ""


def _finding(finding: Finding) -> Iterator[str]:
    control = finding.control
    mark = "✗" if finding.stops else "·"
    notes = [control.severity.value]
    if finding.judgement.verdict is Verdict.UNVERIFIED:
        notes.append("not verified")
    if finding.waiver is not None:
        notes.append("waived")
    elif finding.level is Level.ADVISORY:
        notes.append("advisory")
    yield f"  {mark} {control.id} {control.name} [{', '.join(notes)}]"
    yield f"      {finding.judgement.what}"
    yield f"      fix: {finding.fix}"
    if finding.waiver is not None:
        yield f"      waived: {finding.waiver.reason} ({finding.waiver})"


def _coverage(ruling: Ruling) -> Iterator[str]:
    looked: dict[str, set[str]] = {resource.urn: set() for resource in ruling.graph.resources}
    for outcome in ruling.outcomes:
        for judgement in outcome.judgements:
            if judgement.verdict is not Verdict.NOT_APPLICABLE:
                looked.setdefault(judgement.resource.urn, set()).add(outcome.control.id)
    yield "Looked at:"
    for urn, controls in sorted(looked.items()):
        yield f"  {urn or 'the stack'}\n      {', '.join(sorted(controls)) or '(no control)'}"
    yield ""


def _summary(ruling: Ruling) -> str:
    stopping = sum(finding.stops for finding in ruling.findings)
    waived = sum(finding.waiver is not None for finding in ruling.findings)
    advisory = len(ruling.findings) - stopping - waived
    judged = f"{len(ruling.graph.resources)} resources, {len(ruling.outcomes)} controls"
    said = f"{_many(stopping, 'finding')}, {advisory} advisory, {waived} waived"
    broken = f", {_many(len(ruling.void), 'broken waiver')}" if ruling.void else ""
    return f"{'✗' if ruling.stops else '✓'} {judged}: {said}{broken}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
