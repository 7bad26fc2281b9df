"""The sound platform around the lake breaks no control, in any stack, and no value's shape stops one."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from policies.controls import registry
from policies.controls.registry import CONTROLS
from policies.evaluation import evaluate
from tests.policies.estate_support import estate
from tests.policies.graph_support import BY_ID, findings, graph
from tests.policies.protocol_support import Pack, Res
from tests.policies.stack_support import lake


def _everything() -> list[Res]:
    by_name: dict[str, Res] = {}
    for res in (*lake(), *estate()):
        by_name.setdefault(res.name, res)
    return list(by_name.values())


@pytest.mark.parametrize("stack", ["dev", "prod", "local"])
def test_sound_platform_has_no_finding_and_nothing_unverified(pack: Pack, stack: str) -> None:
    analysis = pack.analyze_stack([*_everything()], stack)
    assert [finding.message for finding in analysis.findings] == []
    assert analysis.report["verdicts"]["UNVERIFIED"] == 0


def test_most_controls_look_at_something_of_it() -> None:
    judged = graph(_everything())
    idle = [
        control.id
        for control in CONTROLS
        if not any(j.verdict.value == "PASS" for j in evaluate(control, judged).judgements)
    ]
    assert len(idle) < len(CONTROLS) / 6, idle


@pytest.mark.parametrize("junk", [[], {}, "x", 7, True, [[]], [None], {"a": [1]}, [{}]])
def test_wrong_shapes_crash_no_control(junk: Any) -> None:
    stack = [Res(res.token, res.name, dict.fromkeys(res.props, junk)) for res in _everything()]
    judged = graph(stack)
    for control in CONTROLS:
        for judgement in evaluate(control, judged).judgements:
            assert "could not run" not in judgement.what, (control.id, judgement.what)


def test_controls_that_ask_for_a_missing_resource_inform_only() -> None:
    present = [control for control in CONTROLS if control.presence]
    assert present
    assert all(control.advisory for control in present)
    assert findings(BY_ID["DL-TRAIL-09"], graph(lake())) == frozenset()


def test_rows_that_no_control_covers_say_why() -> None:
    path = Path(registry.__file__).with_name("not_covered.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert rows
    names = {control.name for control in CONTROLS}
    for row in rows:
        assert row["reason"]
        assert row["row"] not in names
