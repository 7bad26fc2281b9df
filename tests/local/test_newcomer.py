"""A newcomer's faults in the program are answered readably, by `./lake` and by a plain `pulumi preview`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.engine.binary import Engine
from tests.local import plain_cli_support
from tests.local.clone_support import ROOT, Clone, clone

pytestmark = pytest.mark.slow

FAULTS = ROOT / "tests" / "policies" / "fixtures" / "three_faults" / "added.py"
# What is wrong on purpose, by resource; each of them breaks more than this.
EXPECTED = {
    "shared-open": {"DL-S3-04"},
    "shared-read": {"DL-S3-07", "DL-S3-09"},
    "helper": {"DL-IAM-09"},
    "helper-all": {"DL-IAM-01", "DL-IAM-02", "DL-IAM-11"},
    "news-anyone": {"DL-SNS-02", "DL-SNS-04"},
    "news-web": {"DL-SNS-05"},
}
ADDED = {"shared", "news", *EXPECTED}
LONGEST = 60
"""Lines that a person still reads: three faults must not be drowned in their consequences."""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone whose program has the faults at its end."""
    made = clone(tmp_path_factory.mktemp("newcomer") / "clone")
    shutil.copy2(FAULTS, made.root / "added.py")
    program = made.root / "__main__.py"
    program.write_text(program.read_text() + "\nimport added  # noqa\n")
    yield made
    made.close()


def by_resource(lines: list[str]) -> dict[str, list[list[str]]]:
    """The findings of an answer of `./lake`, three lines each, by the resource they stand under."""
    found: dict[str, list[list[str]]] = {}
    name = ""
    for line in lines:
        if match := re.fullmatch(r"  aws:\S+ (\S+)", line):
            name = match[1]
        elif line.startswith("    ✗ "):
            found.setdefault(name, []).append([line.strip()])
        elif line.startswith("        "):
            found[name][-1].append(line.strip())
    return found


def test_lake_names_resource_control_reason_and_fix(faulty: Clone) -> None:
    done = faulty.lake("preview", "local")
    assert done.returncode == 3
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    found = by_resource(lines)
    assert set(found) == ADDED, "each resource once, and none of the program's own"
    assert len(lines) < 3 * LONGEST
    for name, findings in found.items():
        controls = set()
        for what, why, fix in findings:
            match = re.match(r"✗ \[(DL-[A-Z0-9]+-\d+) [a-z0-9-]+\] \S", what)
            assert match is not None, what
            controls.add(match[1])
            assert re.match(r"Why: \S.*\.$", why)
            assert re.match(r"Fix: \S.*[.\"]$", fix)
        assert controls >= EXPECTED.get(name, set()), name
    assert sum(map(len, found.values())) < LONGEST / 2


def test_plain_pulumi_preview_with_the_pack_is_stopped_alike(faulty: Clone, pulumi_engine: Engine) -> None:
    done = plain_cli_support.preview(faulty.root, "prod", pulumi_engine, "--policy-pack", "policies")
    told = done.stdout[done.stdout.index("Policies:") :]
    assert done.returncode != 0, told
    assert re.search(r"energy-lake@v?\d+\.\d+\.\d+ \(local: policies\)", told), told
    for name, controls in EXPECTED.items():
        for control in controls:
            assert re.search(rf"\[{control} [a-z0-9-]+\] {name} \(aws:[^)]+\): ", told), (name, control)
    named = set(re.findall(r"\[DL-[A-Z0-9]+-\d+ [a-z0-9-]+\] (\S+) \(", told))
    assert named == ADDED
    assert "DL-GOV-02" in told, "the profile of prod, and so the stack's name, has reached the pack"
    assert told.count("Why: ") == told.count("Fix: ") == len(re.findall(r"\[DL-[A-Z0-9]+-\d+ ", told))


def test_the_same_clone_without_the_faults_passes(faulty: Clone, pulumi_engine: Engine) -> None:
    program = Path(faulty.root / "__main__.py")
    program.write_text(program.read_text().replace("\nimport added  # noqa\n", ""))
    done = plain_cli_support.preview(faulty.root, "prod", pulumi_engine, "--policy-pack", "policies")
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"✅ energy-lake@v?\d+\.\d+\.\d+ \(local: policies\)", done.stdout), done.stdout[-3000:]
