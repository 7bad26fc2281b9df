"""The command line: help of every verb, exit codes, and errors without a traceback."""

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from etl.errors import DataLakeError
from local import cli
from local.commands import data, headers, layout, pipeline, session, stacks, state
from local.commands.errors import Exit, Refused, UsageError
from local.engine.errors import PolicyViolation, Violation
from local.runner.report import CrawlDrift, NodeKind, NodeReport, WorkflowReport


def report(*nodes: NodeReport, status: str = "COMPLETED") -> WorkflowReport:
    return WorkflowReport("flow", "wr_1", status, 1.0, nodes, (), {})


@pytest.mark.parametrize("command", sorted(cli.COMMANDS))
def test_every_command_explains_itself_and_its_exit_codes(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--help"]) == Exit.OK
    text = capsys.readouterr().out
    assert f"Usage: ./lake {command}" in text
    assert "Exit codes:" in text


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == Exit.OK
    text = capsys.readouterr().out
    assert all(f"\n  {name} " in text for name in cli.COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["deploy"],
        ["up"],
        ["up", "nowhere"],
        ["preview", "nowhere"],
        ["destroy", "nowhere"],
        ["put", "weather", __file__, "--date", "2026-03-29"],
        ["put", "transactions", "missing.csv", "--date", "2026-03-29"],
        ["put", "transactions", __file__, "--date", "2026-03-29"],
        ["put", "transactions", __file__, "--date", "29/03/2026"],
        ["query", "analysts"],
        ["query", "analysts", "SELECT 1", "--format", "xml"],
    ],
)
def test_wrong_arguments_exit_with_2_and_do_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def touched(*_: object) -> None:
        raise AssertionError("something was started")

    monkeypatch.setattr(session, "deployed", touched)
    monkeypatch.setattr("local.engine.binary.ensure", touched)
    assert cli.main(arguments) == Exit.USAGE
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DataLakeError("disk full", where="/data", fix="free some"), Exit.FAILURE),
        (UsageError("no such file"), Exit.USAGE),
        (Refused("too many bad rows"), Exit.REFUSED),
        (KeyboardInterrupt(), Exit.INTERRUPTED),
    ],
)
def test_errors_are_readable_and_choose_the_exit_code(
    error: BaseException, code: Exit, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(state, "stop", fail)
    assert cli.main(["stop"]) == code
    told = capsys.readouterr().err
    assert "Traceback" not in told
    if isinstance(error, DataLakeError):
        assert all(line in told for line in str(error).splitlines())


def test_a_refusal_of_the_pack_is_told_by_resource(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def violation(resource: str, text: str, severity: str) -> Violation:
        urn = f"urn:pulumi:dev::p::aws:s3/bucket:Bucket::{resource}"
        message = f"[DL-{text}] {resource} (aws:s3/bucket:Bucket): {text}\n  Why: harm\n  Fix: mend {text}"
        return Violation("policy", urn, f"{message}\n  Severity: {severity}", True)

    whole = Violation("policy", "", "waivers.yaml, entry 1: has no owner. Give owner as text.", True)
    found = (
        violation("a", "open", "low"),
        violation("b", "bare", "medium"),
        violation("a", "plain", "high"),
        whole,
    )

    def fail() -> None:
        raise PolicyViolation("dev", found)

    monkeypatch.setattr(state, "stop", fail)
    assert cli.main(["stop"]) == Exit.REFUSED
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "✗ the policy pack stopped stack dev: 4 findings (1 high, 1 medium, 1 low)"
    assert [line for line in lines if line.startswith("  ") and line[2] != " "] == [
        "  aws:s3/bucket:Bucket a",
        "  aws:s3/bucket:Bucket b",
        "  the stack as a whole",
        "  fix: change the program or the settings as each finding says",
    ]
    place = lines.index("  aws:s3/bucket:Bucket a")
    assert lines[place + 1 : place + 7] == [
        "    ✗ [DL-plain] high: plain",
        "        Why: harm",
        "        Fix: mend plain",
        "    ✗ [DL-open] low: open",
        "        Why: harm",
        "        Fix: mend open",
    ]


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(state, "stop", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["stop"])


def test_destroying_a_cloud_stack_without_a_terminal_needs_yes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stacks, "deployment", lambda stack: pytest.fail("it went on"))
    assert cli.main(["destroy", "prod"]) == Exit.FAILURE
    assert "--yes" in capsys.readouterr().err


def test_the_commands_for_data_say_that_nothing_is_deployed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(layout, "ROOT", tmp_path)
    assert cli.main(["query", "analysts", "SELECT 1"]) == Exit.FAILURE
    assert "./lake up local" in capsys.readouterr().err
    assert cli.main(["status"]) == Exit.OK
    assert "not running" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (data.Format.CSV, 'name,price\n"a, b",1.50\n,\n'),
        (data.Format.JSON, [{"name": "a, b", "price": "1.50"}, {"name": None, "price": None}]),
    ],
)
def test_rows_are_printed_whole_for_programs(
    form: data.Format, expected: object, capsys: pytest.CaptureFixture[str]
) -> None:
    from decimal import Decimal

    data.print_rows(["name", "price"], [("a, b", Decimal("1.50")), (None, None)], form)
    printed = capsys.readouterr().out
    assert (json.loads(printed) if form is data.Format.JSON else printed) == expected


def test_a_breached_threshold_is_refused_and_other_failures_fail() -> None:
    breached = NodeReport(
        NodeKind.JOB, "raw-to-processed", "FAILED", 1.0, error="job x ended with exit code 3: no"
    )
    broken = NodeReport(
        NodeKind.JOB, "raw-to-processed", "FAILED", 1.0, error="job x ended with exit code 1: no"
    )
    assert isinstance(pipeline.failure([report(breached)]), Refused)
    assert type(pipeline.failure([report(broken)])) is DataLakeError
    assert "raw-to-processed" in str(pipeline.failure([report(broken)]))


def test_delivery_goes_to_the_folder_of_its_load_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = {}

    class Bucket:
        def put_object(self, **request: object) -> None:
            body = request["Body"]
            stored[request["Bucket"], request["Key"]] = body.read()  # type: ignore[attr-defined]

    class Cloud:
        def client(self, service: str) -> Bucket:
            return Bucket()

    file = tmp_path / "day.csv"
    file.write_bytes(b"a,b\n1,2\n")
    pipeline.deliver(Cloud(), "transactions", datetime.date(2026, 3, 29), file)  # type: ignore[arg-type]
    assert stored == {("energy-trading-datalake-local", "raw/transactions/2026-03-29/day.csv"): b"a,b\n1,2\n"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "no header"),
        ("client_id,quantity\nC1,1\n", "lacks the columns transaction_id, version, provider_id"),
        ("1,2\n3,4\n", "its first line is no header"),
        ("version,version\n1,1\n", "repeats the column version"),
        ("v\0e\0r\0\n\0", "not UTF-8"),
        (None, None),
    ],
)
def test_a_file_whose_header_breaks_the_contract_is_told_at_delivery(
    content: str | None, told: str | None, tmp_path: Path
) -> None:
    from etl.contract import load

    contract = load("transactions")
    file = tmp_path / "delivery.csv"
    file.write_text(
        ",".join(field.name for field in contract.source_fields) + "\n" if content is None else content
    )
    found = headers.fault(file, contract)
    assert found is None if told is None else told in str(found)


def test_progress_of_a_job_is_shortened_to_what_it_does() -> None:
    line = 'job raw-to-processed: {"seconds": 1.5, "step": "publish", "dataset": "clients", "rows": 40}'
    assert pipeline.brief(line) == "job raw-to-processed: publish clients 40"
    assert pipeline.brief("crawler raw-data-crawler: listing") == "crawler raw-data-crawler: listing"


def test_crawlers_that_succeeded_one_after_the_other_take_one_line() -> None:
    def node(kind: NodeKind, name: str, state: str = "SUCCEEDED", **facts: Any) -> NodeReport:
        return NodeReport(kind, name, state, 1.0, **facts)

    drift = CrawlDrift("raw.clients", "new-column", "colour", "s3://lake/raw/clients/")
    nodes = [
        node(NodeKind.CRAWLER, "raw-data-crawler", summary={"tables": 1, "objects": 4}),
        node(NodeKind.CRAWLER, "raw-data-crawler-clients", summary={"tables": 1}, drift=(drift,)),
        node(NodeKind.JOB, "raw-to-processed"),
        node(NodeKind.CRAWLER, "processed-data-crawler"),
        node(NodeKind.CRAWLER, "processed-data-crawler-clients", "FAILED"),
    ]
    crawled, job, alone, failed = pipeline.merged(nodes)
    assert (crawled.name, crawled.seconds, crawled.drift) == ("2 × raw-data-crawler", 2.0, (drift,))
    assert crawled.summary == {"tables": 2, "objects": 4}
    assert [job, alone, failed] == nodes[2:]
