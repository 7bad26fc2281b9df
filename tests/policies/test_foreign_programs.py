"""State exports and previews of programs that are not ours: what is wrong with them is found, and no more.

`fixtures/foreign/` holds a web shop (bucket for everyone, function with a password), an archive with the
tokens and inline settings of older providers, and a pipeline's first preview, with hardly an ARN known.
`expected.json` names, for each resource, the controls that stop it and those that inform; each was looked at.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from policies.check import account_of, main

FOLDER = Path(__file__).parent / "fixtures" / "foreign"
EXPECTED: dict[str, dict[str, list[str]]] = json.loads((FOLDER / "expected.json").read_text())
FILES = sorted(file.name for file in FOLDER.glob("*.json") if file.name != "expected.json")


def found(file: str) -> dict[str, list[str]]:
    """Controls by resource; those that inform only, or could not be decided, in brackets."""
    by_resource: defaultdict[str, set[str]] = defaultdict(set)
    for control in account_of(FOLDER / file)["controls"]:
        for finding in control["findings"]:
            said = control["id"] if finding["stops"] else f"({control['id']})"
            by_resource[finding["resource"]].add(said)
    return {name: sorted(controls) for name, controls in sorted(by_resource.items())}


@pytest.mark.parametrize("file", FILES)
def test_exactly_the_faults_are_found(file: str) -> None:
    assert found(file) == EXPECTED[file]


@pytest.mark.parametrize("file", FILES)
def test_command_names_urn_control_reason_and_fix_and_no_secret(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(FOLDER / file)]) == 1
    out = capsys.readouterr().out
    count = sum(len(controls) for controls in EXPECTED[file].values())
    assert out.count("\n      why: ") == out.count("\n      fix: ") >= count
    for name in EXPECTED[file]:
        assert f"::{name}\n" in out
    assert "hunter2" not in out
    assert "AKIA" not in out


def test_no_control_crashes_on_them_and_the_first_preview_leaves_nothing_open() -> None:
    for file in FILES:
        account = account_of(FOLDER / file)
        assert "could not run" not in json.dumps(account)
        open_ones = [c["id"] for c in account["controls"] if c["verdicts"]["UNVERIFIED"]]
        assert set(open_ones) <= {"DL-COV-01"}, "nothing is undecided but types that no control knows"


def test_default_policy_of_a_key_is_no_fault_of_others() -> None:
    assert EXPECTED["legacy-archive.export.json"]["key"] == ["(DL-KMS-13)"]
