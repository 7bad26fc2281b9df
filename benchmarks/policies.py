"""What the policy pack costs: the production stack at once, four and sixteen times its size.

Usage: python -m benchmarks.policies [--scales 1,4,16] [--repeat 3]
Judges the program's production stack, as its first preview shows it, in the pack's own server. Prints, for
each size, seconds by phase (unpacking, graph and controls, all with the answer), the slowest controls, and
the bytes at the peak and those that stay (up to size 4); then the slope of time over size in log-log.
Exit code 1 where a bound is broken: 1 s at size 1, slope 1.1, and memory that grows between analyses of the
same stack.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import re
import sys
import tempfile
import time
import tracemalloc
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
from tests.policies.protocol_support import PROJECT, ROOT, recorded_program

SECONDS_AT_ONE = 1.0
SLOPE = 1.1
LEAK_BYTES = 512 * 1024
TRACED_UP_TO = 4
_NAMES = re.compile(r"energy-trading-datalake-prod|energy_(raw|processed|curated)_prod")


@dataclass(frozen=True)
class Measure:
    """One size: resources, seconds by phase (best of the repetitions), slowest controls, bytes."""

    scale: int
    resources: int
    unpack: float
    controls: float
    total: float
    slowest: dict[str, float]
    peak: int
    retained: int


def scaled(request: pb.AnalyzeStackRequest, times: int) -> pb.AnalyzeStackRequest:
    """Return a stack that holds the program's resources several times under names of their own."""
    result = pb.AnalyzeStackRequest()
    result.resources.extend(request.resources)
    original = request.SerializeToString()
    for number in range(1, times):
        copy = pb.AnalyzeStackRequest()
        copy.ParseFromString(original)
        for resource in copy.resources:
            if resource.type == "pulumi:pulumi:Stack":
                continue
            _rename(resource, number)
            result.resources.append(resource)
    return result


def _rename(resource: pb.AnalyzerResource, number: int) -> None:
    def renamed(text: str) -> str:
        return _NAMES.sub(lambda match: f"{match.group(0)}{number:02}", text)

    resource.urn, resource.name = f"{resource.urn}-{number}", f"{resource.name}-{number}"
    for dependencies in resource.propertyDependencies.values():
        dependencies.urns[:] = [f"{urn}-{number}" for urn in dependencies.urns]
    for value in resource.properties.fields.values():
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
    servicer = servicer_of(pack)(
        NAME, "0.0.1", pack.policies, EnforcementLevel.MANDATORY, None, None, None, None, None, None, None
    )
    servicer.AnalyzeStack(request, None)
    totals, unpacks, judging, slowest = [], [], [], {}
    for _ in range(repeat):
        start = time.perf_counter()
        resources = resources_of(request, SeenInputs())
        unpacks.append(time.perf_counter() - start)
        graph, start = Graph(resources), time.perf_counter()
        outcomes = [evaluate(control, graph) for control in pack.controls]
        judging.append(time.perf_counter() - start)
        slowest = {o.control.id: o.seconds for o in sorted(outcomes, key=lambda o: -o.seconds)[:5]}
        start = time.perf_counter()
        servicer.AnalyzeStack(request, None)
        totals.append(time.perf_counter() - start)
    best = min(unpacks), min(judging), min(totals)
    # A leak shows at any size; tracing a large stack's memory takes minutes.
    traced = memory(servicer, request) if scale <= TRACED_UP_TO else (0, 0)
    return Measure(scale, len(request.resources), *best, slowest, *traced)


def memory(servicer: Any, request: pb.AnalyzeStackRequest) -> tuple[int, int]:
    """Return the bytes that three more analyses of the same stack take at most, and leave behind."""
    tracemalloc.start()
    servicer.AnalyzeStack(request, None)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(3):
        servicer.AnalyzeStack(request, None)
    gc.collect()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak - before, after - before


def slope(found: list[Measure]) -> float:
    """Return the slope of seconds over resources in log-log, by least squares."""
    points = [(math.log(m.resources), math.log(m.total)) for m in found]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and compare with the bounds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policies", description=main.__doc__)
    parser.add_argument("--scales", default="1,4,16")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        request = recorded_program(ROOT, PROJECT, "prod", Path(folder) / "request.bin")
    found = [measured(scaled(request, int(n)), int(n), given.repeat) for n in given.scales.split(",")]
    for measure in found:
        print(json.dumps(asdict(measure)))
    broken = [f"{m.retained} bytes stay at size {m.scale}" for m in found if m.retained > LEAK_BYTES]
    broken += [f"{m.total:.2f} s at size 1" for m in found if m.scale == 1 and m.total > SECONDS_AT_ONE]
    if len(found) > 1:
        print(f"slope {slope(found):.2f}")
        broken += [f"slope {slope(found):.2f}"] if slope(found) > SLOPE else []
    for line in broken:
        print(f"over the bound: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
