"""The page of documentation that is made from the controls themselves.

Usage: python -m policies.docs [--check]
Writes docs/policies.md; with --check it only says whether the page is as it would be written.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from policies.controls.control import Category, Control, Severity
from policies.controls.registry import CONTROLS
from policies.levels import for_stack, names, profile

_PACK = Path(__file__).resolve().parent
PAGE = _PACK.parent / "docs" / "policies.md"
NOT_COVERED = _PACK / "controls" / "not_covered.csv"
_STACKS = ("dev", "local", "prod")


def page(controls: Iterable[Control] = CONTROLS, not_covered: Path = NOT_COVERED) -> str:
    """Return the page: what is checked, how strictly, why, how to repair it, and what is not checked."""
    chosen = tuple(controls)
    lines = [*_head(chosen), *_levels(), *_index(chosen), *_sections(chosen), *_left_out(not_covered)]
    return "\n".join(lines) + "\n"


def _head(controls: tuple[Control, ...]) -> Iterator[str]:
    count = Counter(control.severity for control in controls)
    severities = ", ".join(f"{count[severity]} {severity}" for severity in reversed(Severity))
    yield from (
        "# Policies",
        "",
        "Written by `python -m policies.docs` from the controls; change them, not this page.",
        "",
        f"{len(controls)} controls: {severities}.",
        "Each judges the whole stack, at preview already, and says of each resource PASS, FAIL, UNVERIFIED",
        "(a value that is not known yet) or NOT APPLICABLE.",
        "",
        "- `./lake preview`, `./lake up` and `pulumi preview --policy-pack policies` (the project's `.venv`",
        "  active) judge what is about to be.",
        "- `./lake policy check FILE` judges `pulumi stack export` or `pulumi preview --json --show-sames`,",
        "  also of other programs: exit code 0 clean, 1 findings, 2 a file that cannot be read.",
        "- `./lake policy report STACK` judges a stack anew and tells it as text, JSON or SARIF.",
        "- A finding that somebody answers for, for at most 180 days, goes into `policies/waivers.yaml`.",
        "- A stack that shares its account names, in `policies/profiles/stacks.yaml`, the stack that makes",
        "  the account's settings (`account_settings_of`); that it lacks them is then NOT APPLICABLE.",
        "- `./lake bench policies` measures what judging costs, and where the time goes.",
        "",
    )


def _levels() -> Iterator[str]:
    yield from ("## Profiles", "", "| Profile | Critical | High | Medium | Low | Not known yet | Stacks |")
    yield "|---|---|---|---|---|---|---|"
    for name in names():
        found = profile(name)
        by_severity = {c.severity: found.of(c) for c in CONTROLS if not c.advisory}
        cells = [by_severity[s].level.value if s in by_severity else "–" for s in reversed(Severity)]
        fails = any(setting.unverified_fails for setting in by_severity.values())
        stacks = [stack for stack in _STACKS if for_stack(stack).name == name]
        yield f"| {name} | {' | '.join(cells)} | {'fails' if fails else 'informs'} | {', '.join(stacks)} |"
    yield ""
    yield "Any other stack holds the profile of `prod`. `policies/profiles/` has the files."
    yield ""


def _index(controls: tuple[Control, ...]) -> Iterator[str]:
    yield from ("## Controls", "", "| Id | Name | What holds | Severity |", "|---|---|---|---|")
    for control in controls:
        severity = f"{control.severity}, advisory" if control.advisory else str(control.severity)
        link = f"[{control.id}](#{control.id.lower()})"
        yield f"| {link} | `{control.name}` | {_cell(control.title)} | {severity} |"
    yield ""


def _sections(controls: tuple[Control, ...]) -> Iterator[str]:
    order = list(Category)
    by_category = sorted(controls, key=lambda control: (order.index(control.category), control.id))
    for category, group in groupby(by_category, key=lambda control: control.category):
        yield from (f"## {category.replace('-', ' ').capitalize()}", "")
        for control in group:
            yield from _section(control)


def _section(control: Control) -> Iterator[str]:
    looks_at = ", ".join(f"`{kind}`" for kind in sorted(control.kinds)) or "every resource"
    early = ", ".join(f"`{kind}`" for kind in sorted(control.alone))
    yield from (f"### {control.id}", "", f"**{control.title}.** `{control.name}`, {control.severity}.", "")
    yield f"- Why: {control.why}"
    yield f"- Fix: {control.fix}"
    yield f"- Looks at: {looks_at}"
    if early:
        yield f"- Stops before creation: {early}"
    if control.anchors:
        yield f"- Same rule elsewhere: {', '.join(control.anchors)}"
    yield ""


def _left_out(file: Path) -> Iterator[str]:
    if not file.exists():
        return
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = next(reader)
        rows = [row for row in reader if row]
    yield from ("## Not covered", "", "Rules of other tools, and why no control here asks for them.", "")
    yield f"| {' | '.join(_cell(name.replace('_', ' ').capitalize()) for name in header)} |"
    yield "|---" * len(header) + "|"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(arguments: list[str]) -> int:
    """Write the page, or check it."""
    content = page()
    if "--check" in arguments:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == content:
            return 0
        print(f"{PAGE.name} is not what the controls say. Fix: python -m policies.docs", file=sys.stderr)
        return 1
    PAGE.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
