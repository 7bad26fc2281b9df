"""An account of an analysis for people: grouped by resource, each finding with what is wrong and the fix."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

Entry = Mapping[str, Any]
_WORST_FIRST = ("critical", "high", "medium", "low")


def text(account: Entry, *, coverage: bool = False) -> str:
    """Return an account (`policies.report.report`) as lines of text, the worst of what stops last.

    Args:
        account: The account.
        coverage: Whether to say also which control looked at which resource.

    """
    found = [(control, finding) for control in account["controls"] for finding in control["findings"]]
    lines = [*(_coverage(account) if coverage else ()), *_resources(found)]
    lines += [f"✗ {void}\n" for void in account["waiver_file"]]
    lines += [f"· {idle}\n" for idle in account["idle_waivers"]]
    return "\n".join([*lines, _summary(account, [finding for _, finding in found])])


def _resources(found: list[tuple[Entry, Entry]]) -> Iterator[str]:
    by_urn: defaultdict[str, list[tuple[Entry, Entry]]] = defaultdict(list)
    for control, finding in found:
        by_urn[finding["urn"]].append((control, finding))
    for urn, group in sorted(by_urn.items(), key=lambda g: (-min(_rank(*pair) for pair in g[1]), g[0])):
        first = group[0][1]
        yield f"{first['resource'] or 'the stack'}  {first['type']}\n  {urn}"
        for control, finding in sorted(group, key=lambda pair: (_rank(*pair), pair[0]["id"])):
            yield from _finding(control, finding)
        yield ""


def _rank(control: Entry, finding: Entry) -> int:
    """Return how far down a finding belongs: what stops first, the worst of it before the rest."""
    return (0 if finding["stops"] else len(_WORST_FIRST)) + _WORST_FIRST.index(control["severity"])


def _finding(control: Entry, finding: Entry) -> Iterator[str]:
    waiver = finding.get("waiver")
    notes = [control["severity"]]
    if finding["verdict"] == "UNVERIFIED":
        notes.append("not verified")
    if waiver is not None:
        notes.append("waived")
    elif not finding["stops"]:
        notes.append("advisory")
    yield f"  {'✗' if finding['stops'] else '·'} {control['id']} {control['name']} [{', '.join(notes)}]"
    yield f"      {finding['what']}"
    yield f"      why: {control['why']}"
    yield f"      fix: {finding['fix']}"
    if waiver is not None:
        yield f"      waived: {waiver['reason']} ({waiver['text']})"


def _coverage(account: Entry) -> Iterator[str]:
    looked: defaultdict[str, list[str]] = defaultdict(list)
    for control in account["controls"]:
        for urn in control["looked_at"]:
            looked[urn].append(control["id"])
    yield "Looked at:"
    for urn, controls in sorted(looked.items()):
        yield f"  {urn or 'the stack'}\n      {', '.join(sorted(controls))}"
    yield "Looked at by no control:"
    yield from (f"  {urn}" for urn in sorted(account["unseen"]))
    yield ""


def _summary(account: Entry, findings: list[Entry]) -> str:
    stopping = sum(finding["stops"] for finding in findings)
    waived = sum("waiver" in finding for finding in findings)
    judged = f"{_many(account['resources'], 'resource')}, {_many(len(account['controls']), 'control')}"
    advisory = len(findings) - stopping - waived
    broken = account["waiver_file"]
    said = f"{_many(stopping, 'finding')}, {advisory} advisory, {waived} waived"
    if account["resources"] and len(account["unseen"]) == account["resources"]:
        said += "; no control looked at any of them"
    said += f", {_many(len(broken), 'broken waiver')}" if broken else ""
    return f"{'✗' if account['stops'] else '✓'} {judged}: {said}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
