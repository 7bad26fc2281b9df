"""Mutation test of the pack: breaks the platform's production stack in every way it can, one at a time.

Usage: python -m tests.policies.mutation [--check]
Writes docs/policy-mutations.md; with --check it only says whether the file is as it would be written.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pulumi.runtime.proto import analyzer_pb2 as pb

from policies.controls.control import Control, Verdict
from policies.controls.registry import CONTROLS
from policies.evaluation import evaluate
from policies.graph.inputs import SeenInputs
from policies.graph.kinds import Kind
from policies.graph.model import Graph
from policies.host import resources_of
from policies.levels import Level, for_stack
from tests.policies.mutants_support import Mutant, mutants
from tests.policies.protocol_support import PROJECT, ROOT, recorded_program
from tests.policies.reads_support import looked_at
from tests.policies.survivors_support import REASONS, Reason, reason_of

TABLE = ROOT / "docs" / "policy-mutations.md"

_BINDING = for_stack("prod")

Said = frozenset[tuple[str, str, str]]


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: the controls that noticed, by id, and the resources they fell on, by URN."""

    mutant: Mutant
    killers: tuple[str, ...]
    resources: frozenset[str]
    stray: tuple[str, ...] = ()

    @property
    def survives(self) -> bool:
        """Whether nothing noticed."""
        return not self.killers

    @property
    def reason(self) -> Reason | None:
        """Why it survives, where somebody has said."""
        return reason_of(*self.mutant.group) if self.survives else None

    @property
    def harmless(self) -> bool:
        """Whether it survives because it is no worse than the original."""
        return self.reason is not None


@dataclass
class Tally:
    """The mutants of one line of the table."""

    mutants: int = 0
    killed: int = 0
    killers: Counter[str] = field(default_factory=Counter)


def production() -> Graph:
    """The platform's production stack as its first preview shows it."""
    with tempfile.TemporaryDirectory() as folder:
        request = recorded_program(ROOT, PROJECT, "prod", Path(folder) / "request.bin")
    return graph_of(request)


def graph_of(request: pb.AnalyzeStackRequest) -> Graph:
    """The graph of a message of the engine."""
    return Graph(resources_of(request, SeenInputs()))


def said_of(graph: Graph, controls: Iterable[Control] = CONTROLS) -> Said:
    """What stops production in a stack: control, resource and text, failures and what cannot be decided."""
    return frozenset(
        (control.id, judgement.resource.urn, judgement.what)
        for control in controls
        if _BINDING.of(control).level is Level.MANDATORY
        for judgement in evaluate(control, graph).judgements
        if judgement.verdict in (Verdict.FAIL, Verdict.UNVERIFIED)
    )


def fates(graph: Graph, *, one_of_each: bool = False) -> list[Fate]:
    """What becomes of every mutant of a stack, or of the first of each line of the table."""
    sound = said_of(graph)
    near = neighbours(graph)
    found: list[Fate] = []
    looked = looked_at(CONTROLS, graph)
    done: set[tuple[str, str, str]] = set()
    for mutant in mutants(graph, looked):
        if one_of_each and mutant.group in done:
            continue
        done.add(mutant.group)
        # A control that never asked for a property of the resource cannot tell its mutant from the original.
        able = [c for c in CONTROLS if mutant.urn in looked.touched[c.id]]
        new = said_of(Graph(mutant.resources), CONTROLS if mutant.removes else able) - sound
        stray = sorted({c for c, urn, _ in new if urn not in near[mutant.urn]})
        killers = sorted({control for control, urn, _ in new if urn in near[mutant.urn]})
        found.append(Fate(mutant, tuple(killers), frozenset(urn for _, urn, _ in new), tuple(stray)))
    return found


def neighbours(graph: Graph) -> dict[str, set[str]]:
    """For each resource those that a break of it may rightly show on: two steps along names and edges."""
    names = {
        resource.urn: [
            value
            for prop in ("bucket", "name", "keyId", "role", "targetBucket", "principal", "roleArn")
            if isinstance(value := resource.props.get(prop), str) and len(value) > 3
        ]
        for resource in graph.resources
    }
    texts = {resource.urn: repr(dict(resource.props)) for resource in graph.resources}
    linked: defaultdict[str, set[str]] = defaultdict(set)
    for resource in graph.resources:
        for urns in resource.property_dependencies.values():
            for urn in urns:
                linked[resource.urn].add(urn)
                linked[urn].add(resource.urn)
        for other, words in names.items():
            if other != resource.urn and any(word in texts[resource.urn] for word in words):
                linked[resource.urn].add(other)
                linked[other].add(resource.urn)
    # What an account has once a region belongs to all that it holds for.
    for setting in graph.of(Kind.GLUE_CATALOG_ENCRYPTION, Kind.LF_SETTINGS):
        linked[setting.urn] |= {r.urn for r in graph.of(Kind.GLUE_DATABASE, Kind.LF_LOCATION)}
    one = {r.urn: {r.urn, *linked[r.urn]} for r in graph.resources}
    return {urn: set().union(*(one[step] for step in steps)) for urn, steps in one.items()}


def table(found: list[Fate]) -> str:
    """The result as a page of documentation."""
    tallies: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)
    for fate in found:
        tally = tallies[fate.mutant.group]
        tally.mutants += 1
        tally.killed += not fate.survives
        tally.killers.update(fate.killers)
    survivors = [fate for fate in found if fate.survives]
    harmful = [fate for fate in found if not fate.harmless]
    killed = len(found) - len(survivors)
    lines = [
        "# Mutations that the policy pack notices",
        "",
        "Written by `python -m tests.policies.mutation`. The production stack, as its first preview shows",
        "it, is broken in one place at a time: every property that a control reads and every statement of",
        "every policy document. A mutant is killed when a control says something of the broken resource, or",
        "of one that it belongs to, which it did not say before. A survivor is harmless where the mutant is",
        "no worse than the original.",
        "",
        f"{len(found)} mutants, {killed} killed, {len(found) - len(harmful)} harmless survivors.",
        f"Of the {len(harmful)} that do harm, {killed / len(harmful):.1%} are killed.",
        "",
        "| Kind | Place | Broken how | Mutants | Killed | By |",
        "|---|---|---|---:|---:|---|",
    ]
    for (kind, place, operator), tally in sorted(tallies.items()):
        by = ", ".join(sorted(tally.killers)) or "–"
        lines.append(f"| {kind} | `{place}` | {operator} | {tally.mutants} | {tally.killed} | {by} |")
    lines += [
        "",
        "## Survivors",
        "",
        "Why each is no worse than the original. One without a reason would be one that does harm.",
        "",
        "| Kind | Place | Broken how | Mutants | Why |",
        "|---|---|---|---:|---|",
    ]
    for group, number in sorted(Counter(fate.mutant.group for fate in survivors).items()):
        kind, place, operator = group
        reason = reason_of(*group)
        why = reason.text if reason is not None else "**does harm: no control asks for it**"
        lines.append(f"| {kind} | `{place}` | {operator} | {number} | {why} |")
    return "\n".join(lines) + "\n"


def idle_reasons(found: list[Fate]) -> list[Reason]:
    """Reasons that explain no survivor: the program, or a control, has outgrown them."""
    used = {fate.reason for fate in found if fate.survives}
    return [reason for reason in REASONS if reason not in used]


def main(arguments: list[str]) -> int:
    """Write the table, or check it."""
    found = fates(production())
    content = table(found)
    for reason in idle_reasons(found):
        print(f"explains nothing: {reason}", file=sys.stderr)
    print(*(line for line in content.splitlines() if "killed," in line or "are killed." in line))
    if "--check" in arguments:
        return 0 if TABLE.exists() and TABLE.read_text() == content else 1
    TABLE.write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
