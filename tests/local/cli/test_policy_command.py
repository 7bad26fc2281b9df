"""`policy check` and `policy report`: their answers, their exit codes, their mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from local.commands import layout, policy
from local.commands.errors import UsageError
from local.engine.errors import PolicyViolation

URN = "urn:pulumi:dev::other::aws:s3/bucket:Bucket::mine"
BUCKET = {"urn": URN, "custom": True, "type": "aws:s3/bucket:Bucket", "inputs": {"bucket": "mine"}}
STACK = {"urn": "urn:pulumi:dev::other::pulumi:pulumi:Stack::other-dev", "type": "pulumi:pulumi:Stack"}


def run(*arguments: object) -> int:
    code = policy.app([str(argument) for argument in arguments], standalone_mode=False)
    assert isinstance(code, int)
    return code


def export(tmp_path: Path, *resources: dict[str, Any]) -> Path:
    file = tmp_path / "stack.json"
    file.write_text(json.dumps({"version": 3, "deployment": {"resources": list(resources)}}))
    return file


def test_check_ends_with_1_on_findings_and_with_0_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("check", export(tmp_path, BUCKET)) == 1
    out = capsys.readouterr().out
    assert URN in out
    assert "fix: " in out
    assert run("check", export(tmp_path, STACK)) == 0


def test_file_that_cannot_be_read_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text("{")
    for command in ("check", "report"):
        with pytest.raises(UsageError, match="not JSON"):
            run(command, tmp_path / "broken")
    with pytest.raises(UsageError, match="no profile 'strict'"):
        run("check", export(tmp_path, STACK), "--profile", "strict")


def test_report_writes_sarif_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "findings.sarif"
    assert run("report", export(tmp_path, BUCKET), "--format", "sarif", "--out", out) == 1
    assert capsys.readouterr().out == ""
    assert json.loads(out.read_text())["runs"][0]["results"]


def test_report_of_neither_a_stack_nor_a_file_names_the_stacks() -> None:
    with pytest.raises(UsageError, match="dev, local, prod"):
        run("report", "staging")


class _Refusing:
    """A stack whose plan the pack refuses, and which leaves its account as the pack does."""

    def __init__(self, place: Path, account: dict[str, Any] | None) -> None:
        self._place, self._account = place, account

    def preview(self) -> None:
        if self._account is not None:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            self._place.write_text(json.dumps(self._account))
            raise PolicyViolation("dev", ())


def test_report_of_a_stack_is_the_account_of_a_new_plan_and_never_an_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from etl.errors import DataLakeError
    from policies.check import account_of

    account = account_of(export(tmp_path, BUCKET))
    place = tmp_path / ".lake" / "dev" / "preview" / "policy-report.json"
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    monkeypatch.setattr(policy, "deployment", lambda stack: _Refusing(place, account))
    assert run("report", "dev", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == account
    monkeypatch.setattr(policy, "deployment", lambda stack: _Refusing(place, None))
    with pytest.raises(DataLakeError, match="left no account"):
        run("report", "dev")
