"""Benchmarks P1 and P3 of the policy pack: `./lake bench policies`.

Usage: python -m benchmarks.policies [--scales 1,4,16] [--repeat 5] [--rounds 5] [--only p1,p3] [--report DIR]
P3 judges the program's production stack as its first preview shows it, once and several times as large, each
size in a process of its own. P1 previews that stack with and without the pack, in turns. Writes policies.md and
policies.svg into the report's folder. Exit code 1 where a bound is broken: 1 s at size 1, a log-log slope of
time over size of 1.1, memory that grows between analyses of the same stack, 25 % more wall time of a preview.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.etl.process import Run, log_log_slope
from benchmarks.policies import figure, preview
from benchmarks.policies.judging import Measure
from policies.controls.registry import CONTROLS
from tests.policies.protocol_support import PROJECT, ROOT, recorded_program

PARTS = ("p1", "p3")
SECONDS_AT_ONE = 1.0
SLOPE = 1.1
GROWTH_BYTES = 4 * 2**20
"""What three analyses may leave behind: less than one of them takes, and more than the allocator's noise."""
SLOWEST = 10


def judged(scales: list[int], repeat: int) -> list[Measure]:
    """Return what judging costs at each size, each in a process of its own."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "request.bin"
        recorded_program(ROOT, PROJECT, "prod", file)
        for scale in scales:
            command = [
                sys.executable,
                "-m",
                "benchmarks.policies.judging",
                str(file),
                str(scale),
                str(repeat),
            ]
            done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
            found.append(Measure(**json.loads(done.stdout)))
            print(f"size {scale}: {found[-1].total:.3f} s", file=sys.stderr)
    return found


def slope(found: list[Measure]) -> float:
    """Return the slope of CPU seconds over resources in log-log, by least squares."""
    return log_log_slope([(m.resources, m.total) for m in found])


def size_table(found: list[Measure]) -> list[str]:
    """P3: seconds and memory by size."""
    lines = [
        "## P3: judging the production stack",
        "",
        "One analysis in the server that the engine talks to, from the engine's message to the answer. Each size runs",
        "in a process of its own; its memory holds the message, the pack and the reference data of IAM.",
        "",
        "| size | resources | wall s, min · median · max | CPU s, min · median · max | CPU of a resource | peak memory | of it judging | more after 3 again |",
        "|---:|---:|---|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {m.scale} × | {m.resources:,} | {_three(m.walls, 3)} | {_three(m.totals, 3)} | {m.total / m.resources * 1e6:.0f} µs "
        f"| {m.peak / 2**20:.0f} MiB | {(m.peak - m.before) / 2**20:.0f} MiB | {m.growth / 2**20:.1f} MiB |"
        for m in found
    ]
    lines += ["", f"To reach: at most {SECONDS_AT_ONE:.0f} s at size 1, and memory that does not grow."]
    if len(found) > 1:
        lines.append(
            f"Log-log slope of CPU seconds over resources: {slope(found):.2f}; to reach: at most {SLOPE}."
        )
    return [*lines, ""]


def time_tables(found: list[Measure]) -> list[str]:
    """P3: where the time goes, by phase, family and control."""
    least, most = found[0], found[-1]
    phases = {
        "reading the values out of the message": [m.unpack for m in (least, most)],
        "joins and controls": [m.controls for m in (least, most)],
        "asking the policies, levels, the report and the answer": [m.rest for m in (least, most)],
    }
    lines = [
        "### Where the time goes",
        "",
        f"| phase | size {least.scale}, ms | share | size {most.scale}, ms | share |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, seconds in phases.items():
        cells = (f"{s * 1e3:.1f} | {s / m.total:.0%}" for s, m in zip(seconds, (least, most), strict=True))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    families, judging = most.families(), sum(most.by_control.values())
    number = {name: sum(c.id.split("-")[1] == name for c in CONTROLS) for name in families}
    lines += [
        "",
        f"Families of controls at size {most.scale}. What several controls ask for (effective policies, rules of",
        "networks, buckets with all that is beside them) is worked out once, and counts for the first that asks.",
        "",
        "| family | controls | ms | share |",
        "|---|---:|---:|---:|",
        *(
            f"| {name} | {number[name]} | {spent * 1e3:.0f} | {spent / judging:.0%} |"
            for name, spent in families.most_common()
        ),
        "",
        f"The {SLOWEST} slowest controls, which are {_share(most):.0%} of them all:",
        "",
        "| control | ms | share |",
        "|---|---:|---:|",
    ]
    names = {control.id: control.name for control in CONTROLS}
    lines += [
        f"| {control} `{names[control]}` | {spent * 1e3:.0f} | {spent / judging:.0%} |"
        for control, spent in _slowest(most)
    ]
    return [*lines, ""]


def _slowest(measure: Measure) -> list[tuple[str, float]]:
    return sorted(measure.by_control.items(), key=lambda pair: -pair[1])[:SLOWEST]


def _share(measure: Measure) -> float:
    return sum(seconds for _, seconds in _slowest(measure)) / sum(measure.by_control.values())


def preview_table(runs: Mapping[str, list[Run]]) -> list[str]:
    """P1: a preview with and without the pack."""
    wall, cpu = preview.adds(runs, "wall"), preview.adds(runs, "cpu")
    lines = [
        "## P1: a preview with the pack and without",
        "",
        f"`./lake preview {preview.STACK}` as a process tree of its own, in turns; {len(runs['with'])} rounds count.",
        "",
        "| preview | wall s, min · median · max | CPU s, min · median · max | peak memory |",
        "|---|---|---|---:|",
        *(
            f"| {way} the pack | {_three([r.wall for r in runs[way]], 1)} | {_three([r.cpu for r in runs[way]], 1)} "
            f"| {max(r.peak for r in runs[way]) / 2**20:.0f} MiB |"
            for way in preview.WAYS
        ),
        "",
        f"The pack adds {wall:.0%} to what is waited for (to reach: at most {preview.ADDS_AT_MOST:.0%}) and {cpu:.0%} to the CPU seconds,",
        "median of the pairs; its process works beside the engine's. Judging takes what P3 says of it. The rest is the start",
        "of that process, and the engine's two questions about each resource, which it asks before it has all of them.",
    ]
    return [*lines, ""]


def _three(values: list[float], digits: int) -> str:
    return " · ".join(f"{value:.{digits}f}" for value in (min(values), median(values), max(values)))


def broken(found: list[Measure], runs: Mapping[str, list[Run]] | None) -> list[str]:
    """Return the bounds that are not kept."""
    lines = [
        f"{m.growth:,} bytes more after judging size {m.scale} again"
        for m in found
        if m.growth > GROWTH_BYTES
    ]
    lines += [
        f"{min(m.walls):.2f} s at size 1" for m in found if m.scale == 1 and min(m.walls) > SECONDS_AT_ONE
    ]
    if len(found) > 1 and slope(found) > SLOPE:
        lines.append(f"slope {slope(found):.2f}")
    if runs is not None and preview.adds(runs, "wall") > preview.ADDS_AT_MOST:
        lines.append(f"{preview.adds(runs, 'wall'):.0%} more wall time of a preview")
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measure, write the page and the picture, and compare with the bounds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.policies", description=__doc__)
    parser.add_argument("--scales", default="1,4,16")
    parser.add_argument("--repeat", type=int, default=5, help="counted analyses of each size")
    parser.add_argument("--rounds", type=int, default=5, help="counted previews of each way")
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "benchmarks")
    given = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    page = ["# Benchmarks of the policy pack", ""]
    found, runs = [], None
    if "p3" in given.only:
        found = judged([int(scale) for scale in given.scales.split(",")], given.repeat)
        page += ["![Seconds by phase and size](policies.svg)", "", *size_table(found), *time_tables(found)]
        (given.report / "policies.svg").write_text(figure.drawn(found))
    if "p1" in given.only:
        runs = preview.measured(given.rounds, ROOT)
        page += preview_table(runs)
    said = f"{len(CONTROLS)} controls. Machine: {machine}; load {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end."
    page[1:1] = ["", f"Made by `./lake bench policies`. {said}"]
    target = given.report / "policies.md"
    target.write_text("\n".join(page).rstrip() + "\n")
    print(target.read_text())
    print(f"Written to {target}")
    for line in broken(found, runs):
        print(f"over the bound: {line}", file=sys.stderr)
    return 1 if broken(found, runs) else 0


if __name__ == "__main__":
    sys.exit(main())
