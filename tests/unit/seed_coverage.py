"""Writes docs/seed-coverage.md: the architecture line by line, its resources by URN, the tests that prove it.

`python -m tests.unit.seed_coverage` writes the page from `seed_lines.yaml` and the recorded stack prod.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.unit.recorder import ROOT, Registration, recorded

LINES = Path(__file__).with_name("seed_lines.yaml")
PAGE = ROOT / "docs" / "seed-coverage.md"
STACK, SHOWN = "prod", 3
HEAD = f"""# What of the architecture is where

Each line of the architecture's description, the resources of the stack `{STACK}` that it became, by URN (the
first {SHOWN} of each kind), and the tests that prove it. Generated: `python -m tests.unit.seed_coverage`.
"""


@dataclass(frozen=True)
class Line:
    """One line: its heading, the owner's words, what it became and what proves it."""

    heading: str
    text: str
    resources: tuple[str, ...]
    tests: tuple[str, ...]


def lines() -> list[Line]:
    """Return every line of the architecture."""
    return [
        Line(heading, entry["line"], tuple(entry["resources"]), tuple(entry["tests"]))
        for heading, entries in yaml.safe_load(LINES.read_text(encoding="utf-8")).items()
        for entry in entries
    ]


def matched(selector: str) -> list[Registration]:
    """Return the resources a selector `Type:pattern` means."""
    kind, _, pattern = selector.partition(":")
    return [
        one
        for one in recorded(STACK)
        if one.custom and one.short_type == kind and re.fullmatch(pattern, one.name)
    ]


def exists(test: str) -> bool:
    """Whether `module.function` is a test of this folder."""
    module, _, function = test.partition(".")
    path = Path(__file__).with_name(f"{module}.py")
    tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body)


def render() -> str:
    """Return the page."""
    parts, heading = [HEAD], ""
    for line in lines():
        if line.heading != heading:
            heading = line.heading
            parts += [f"## {heading}", "", "| line | resources | proved by |", "|---|---|---|"]
        urns = [text for selector in line.resources for text in _shown(matched(selector))]
        proof = [f"`{test.replace('.', '.py::', 1)}`" for test in line.tests]
        words = line.text.replace("|", "\\|")
        parts.append(f"| {words} | {'<br>'.join(urns)} | {'<br>'.join(proof)} |")
    return "\n".join(parts) + "\n"


def _shown(found: list[Registration]) -> list[str]:
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [f"`{one.urn}`" for one in found[:SHOWN]] + more


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
