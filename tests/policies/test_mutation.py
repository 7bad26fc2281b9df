"""Whatever breaks the production stack is noticed, by a control that looks at what was broken."""

from __future__ import annotations

import pytest

from policies.controls.registry import CONTROLS
from policies.graph.kinds import Kind
from policies.graph.model import Graph
from tests.policies.graph_support import graph
from tests.policies.mutants_support import mutants
from tests.policies.mutation import Fate, fates, production, said_of
from tests.policies.reads_support import looked_at
from tests.policies.stack_support import lake

KILLED_AT_LEAST = 0.99
"""Share of the harmful mutants, one of each line; `python -m tests.policies.mutation` tries all of them."""

KINDS = {control.id: control.kinds for control in CONTROLS}


@pytest.fixture(scope="module")
def stack() -> Graph:
    return production()


@pytest.fixture(scope="module")
def found(stack: Graph) -> list[Fate]:
    return fates(stack, one_of_each=True)


@pytest.mark.slow
def test_unbroken_production_stack_has_nothing_to_find(stack: Graph) -> None:
    assert said_of(stack) == frozenset()


@pytest.mark.slow
def test_most_harmful_mutants_of_the_production_stack_are_killed(found: list[Fate]) -> None:
    harmful = [fate for fate in found if not fate.harmless]
    killed = [fate for fate in harmful if not fate.survives]
    assert len(killed) >= 400
    assert len(killed) / len(harmful) >= KILLED_AT_LEAST


@pytest.mark.slow
def test_no_mutant_makes_an_unrelated_resource_suspect(found: list[Fate]) -> None:
    assert [(fate.mutant.group, fate.stray) for fate in found if fate.stray] == []


@pytest.mark.slow
def test_every_killer_looks_at_the_kind_that_was_broken_or_at_what_it_belongs_to(
    stack: Graph, found: list[Fate]
) -> None:
    for fate in found:
        on = {stack.by_urn[urn].kind for urn in fate.resources if urn in stack.by_urn}
        on |= {r.kind for r in fate.mutant.resources if r.urn in fate.resources}
        for control in fate.killers:
            kinds = KINDS[control]
            assert not kinds or Kind(fate.mutant.kind) in kinds or on & kinds, (control, fate.mutant.group)


def test_small_lake_has_mutants_of_every_sort_and_they_differ_from_it() -> None:
    sound = graph(lake())
    made = list(mutants(sound, looked_at(CONTROLS, sound)))
    assert len(made) > 100
    operators = {mutant.operator for mutant in made}
    assert {"removed", "flipped", "weakened", "opened", "resource to *", "statement removed"} <= operators
    for mutant in made:
        assert mutant.resources != sound.resources, mutant.group


def test_reads_name_what_controls_ask_for_and_nothing_else() -> None:
    sound = graph(lake())
    (rotation,) = [control for control in CONTROLS if control.id == "DL-KMS-01"]
    looked = looked_at([rotation], sound)
    assert {path for _, path in looked.reads} == {("enableKeyRotation",)}
    assert all("aws:kms/" in urn for urn in looked.touched["DL-KMS-01"])
