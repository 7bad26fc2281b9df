"""The benchmark of the pack: a stack grown without changing what it is, and bounds that can be broken."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

from benchmarks.etl.process import Run
from benchmarks.policies import figure
from benchmarks.policies.__main__ import broken, preview_table, size_table, slope, time_tables
from benchmarks.policies.judging import Measure, measured, scaled
from policies.controls.registry import CONTROLS
from tests.policies.protocol_support import Pack
from tests.policies.stack_support import lake

MIB = 2**20
ONE = Measure(
    1, 500, [0.2, 0.3], [0.1, 0.2], 0.03, 0.05, {c.id: 0.001 for c in CONTROLS}, 60 * MIB, 70 * MIB, 0
)
MANY = replace(ONE, scale=16, resources=8000, totals=[1.6, 1.7], unpack=0.5, controls=0.8)


def _runs(extra: float) -> dict[str, list[Run]]:
    return {"without": [Run(8.0, 6.0, MIB)] * 3, "with": [Run(8.0 * (1 + extra), 9.0, MIB)] * 3}


def test_stack_grown_has_as_many_of_everything_under_names_of_their_own() -> None:
    request = Pack.request(lake(), "prod")
    grown = scaled(request, 3)
    assert len(grown.resources) == 3 * len(request.resources) - 2, "there is one stack"
    assert len({r.urn for r in grown.resources}) == len(grown.resources)
    assert measured(grown, 3, 1).resources == len(grown.resources)


def test_time_that_grows_as_the_stack_does_has_slope_one() -> None:
    assert round(slope([ONE, MANY]), 2) == 1.0
    assert slope([ONE, replace(MANY, totals=[3.2])]) > 1.2


def test_each_bound_can_be_broken() -> None:
    assert broken([ONE, MANY], _runs(0.2)) == []
    assert broken([replace(ONE, walls=[1.5])], None) == ["1.50 s at size 1"]
    assert "slope" in broken([ONE, replace(MANY, totals=[3.2])], None)[0]
    assert "more after judging size 16" in broken([replace(MANY, growth=50 * MIB)], None)[0]
    assert broken([ONE], _runs(0.5)) == ["50% more wall time of a preview"]


def test_page_tells_sizes_phases_families_controls_and_previews() -> None:
    page = "\n".join([*size_table([ONE, MANY]), *time_tables([ONE, MANY]), *preview_table(_runs(0.2))])
    assert "| 16 × | 8,000 | 0.200 · 0.250 · 0.300 | 1.600 · 1.650 · 1.700 | 200 µs |" in page
    assert "| joins and controls | 50.0 | 50% | 800.0 | 50% |" in page
    assert "| IAM | " in page
    assert "adds 20% to what is waited for (to reach: at most 25%) and 50% to the CPU seconds" in page


def test_picture_is_drawn_with_a_bar_for_each_size() -> None:
    root = ElementTree.fromstring(figure.drawn([ONE, MANY]))
    said = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "1 × (500)" in said
    assert "200 µs · 1.60 s" in said
