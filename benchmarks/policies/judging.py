"""P3: what judging costs, one size in one process.

Usage: python -m benchmarks.policies.judging REQUEST SCALE REPEAT
REQUEST is the message in which the engine hands the production stack to the pack. It is judged, SCALE times as
large, in the pack's own server. Prints a `Measure` as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi_policy import EnforcementLevel

from policies.evaluation import evaluate
from policies.graph.inputs import SeenInputs
from policies.graph.model import Graph
from policies.host import resources_of, servicer_of
from policies.pack import NAME, build

_NAMES = re.compile(r"energy-trading-datalake-prod|energy_(raw|processed|curated)_prod")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MORE = 3


@dataclass(frozen=True)
class Measure:
    """One size.

    Args:
        scale: How many times the production stack.
        resources: How many that are.
        walls: Seconds of each analysis, from the engine's message to the answer; the first does not count.
        totals: CPU seconds of the same, which other work on the machine does not lengthen.
        unpack: CPU seconds that the message's values take to become the graph's, best of the repetitions.
        controls: CPU seconds of all controls, with the joins that the first to need one works out; best as well.
        by_control: Seconds of each control, best of the repetitions, by id.
        before: Resident bytes with the message and the pack in memory, before the first analysis.
        peak: Resident bytes at the peak of all analyses.
        growth: Resident bytes that three more analyses of the same stack leave behind.

    """

    scale: int
    resources: int
    walls: list[float]
    totals: list[float]
    unpack: float
    controls: float
    by_control: dict[str, float]
    before: int
    peak: int
    growth: int

    @property
    def total(self) -> float:
        """CPU seconds of the best analysis."""
        return min(self.totals)

    @property
    def rest(self) -> float:
        """CPU seconds of the best analysis beside reading the message and judging."""
        return max(self.total - self.unpack - self.controls, 0.0)

    def families(self) -> Counter[str]:
        """Return seconds by family of controls (`IAM` of `DL-IAM-09`)."""
        found: Counter[str] = Counter()
        for control, seconds in self.by_control.items():
            found[control.split("-")[1]] += seconds  # type: ignore[assignment]
        return found


def scaled(request: pb.AnalyzeStackRequest, times: int) -> pb.AnalyzeStackRequest:
    """Return a stack that holds the program's resources several times under names of their own."""
    result = pb.AnalyzeStackRequest()
    result.resources.extend(request.resources)
    original = request.SerializeToString()
    for number in range(1, times):
        copy = pb.AnalyzeStackRequest()
        copy.ParseFromString(original)
        for one in copy.resources:
            if one.type == "pulumi:pulumi:Stack":
                continue
            _rename(one, number)
            result.resources.append(one)
    return result


def _rename(one: pb.AnalyzerResource, number: int) -> None:
    def renamed(text: str) -> str:
        return _NAMES.sub(lambda match: f"{match.group(0)}{number:02}", text)

    one.urn, one.name = f"{one.urn}-{number}", f"{one.name}-{number}"
    for dependencies in one.propertyDependencies.values():
        dependencies.urns[:] = [f"{urn}-{number}" for urn in dependencies.urns]
    for value in one.properties.fields.values():
        _walk(value, renamed)


def _walk(value: Any, change: Callable[[str], str]) -> None:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        value.string_value = change(value.string_value)
    elif kind == "struct_value":
        for inner in value.struct_value.fields.values():
            _walk(inner, change)
    elif kind == "list_value":
        for inner in value.list_value.values:
            _walk(inner, change)


def measured(request: pb.AnalyzeStackRequest, scale: int, repeat: int) -> Measure:
    """Return what a stack costs in the server that the engine talks to."""
    pack = build()
    server: Any = servicer_of(pack)(NAME, "0.0.1", pack.policies, EnforcementLevel.MANDATORY, *[None] * 7)
    gc.collect()
    before = _resident()
    server.AnalyzeStack(request, None)
    walls, totals, unpacks, judging = [], [], [], []
    by_control: dict[str, float] = {}
    for _ in range(repeat):
        start = time.process_time()
        resources = resources_of(request, SeenInputs())
        unpacks.append(time.process_time() - start)
        graph, start = Graph(resources), time.process_time()
        outcomes = [evaluate(control, graph) for control in pack.controls]
        judging.append(time.process_time() - start)
        for outcome in outcomes:
            known = by_control.get(outcome.control.id, outcome.seconds)
            by_control[outcome.control.id] = min(known, outcome.seconds)
        del resources, graph, outcomes
        start, begun = time.process_time(), time.perf_counter()
        server.AnalyzeStack(request, None)
        totals.append(time.process_time() - start)
        walls.append(time.perf_counter() - begun)
    gc.collect()
    settled = _resident()
    for _ in range(_MORE):
        server.AnalyzeStack(request, None)
    gc.collect()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Measure(
        scale, len(request.resources), walls, totals, min(unpacks), min(judging), by_control,
        before, peak, _resident() - settled,
    )  # fmt: skip


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def main(arguments: list[str]) -> int:
    """Measure one size and print it."""
    file, scale, repeat = arguments
    request = pb.AnalyzeStackRequest()
    request.ParseFromString(Path(file).read_bytes())
    print(json.dumps(asdict(measured(scaled(request, int(scale)), int(scale), int(repeat)))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
