"""What is drawn while the engine works, on a terminal and in a log."""

import io
import re

import pytest
from pulumi.automation.events import EngineEvent
from rich.console import Console

from local.console import Step, step
from local.engine.progress import Feed, readable

BUCKET = "urn:pulumi:local::lake::energylake:storage:DataLakeBucket$aws:s3/bucket:Bucket::data-bucket"


def outputs(operation: str, urn: str = BUCKET) -> EngineEvent:
    kind = urn.split("::")[2].rpartition("$")[2]
    return EngineEvent.from_json(
        {
            "sequence": 1,
            "timestamp": 1,
            "resOutputsEvent": {"metadata": {"op": operation, "urn": urn, "type": kind}},
        }
    )


def diagnosed(severity: str, message: str, urn: str = "") -> EngineEvent:
    event = {"severity": severity, "message": message, "color": "raw", "urn": urn}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": event})


def judged(level: str, message: str) -> EngineEvent:
    event = {
        "message": message,
        "color": "raw",
        "policyName": "p",
        "enforcementLevel": level,
        "resourceUrn": BUCKET,
    }
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "policyEvent": event})


def test_resources_are_counted_once_by_what_was_done_and_the_stack_itself_is_not() -> None:
    feed = Feed()
    for event in (
        outputs("create"),
        outputs("same", BUCKET + "-2"),
        outputs("same", "urn:pulumi:local::lake::pulumi:pulumi:Stack::lake-local"),
        outputs("create", "urn:pulumi:local::lake::pulumi:providers:aws::default"),
        outputs("create-replacement", BUCKET + "-3"),
        outputs("replace", BUCKET + "-3"),
        outputs("delete-replaced", BUCKET + "-3"),
    ):
        feed(event)
    assert feed.changes == {"create": 1, "same": 1, "replace": 1}
    assert feed.summary() == "1 created · 1 replaced · 1 unchanged"
    assert feed.touched == [("create", BUCKET), ("replace", BUCKET + "-3")]


def test_a_resource_is_named_by_type_and_logical_name() -> None:
    assert readable(BUCKET) == "Bucket data-bucket"


def test_errors_name_their_resource_and_lose_the_engines_colours() -> None:
    feed = Feed()
    feed(diagnosed("error", "<{%fg 1%}>error: <{%reset%}>no such key\n", BUCKET))
    feed(diagnosed("error", "<{%fg 1%}>error: <{%reset%}>no such key\n", BUCKET))
    feed(diagnosed("debug", "noise", BUCKET))
    assert feed.errors == ["Bucket data-bucket: no such key"]


def test_findings_keep_the_packs_own_words_and_their_level() -> None:
    feed = Feed()
    feed(judged("mandatory", "Buckets are private.\n[DL-S3-01 x] data: open\n  Fix: close it"))
    feed(judged("advisory", "Buckets are private.\n[DL-S3-02 y] data: odd"))
    assert [(v.mandatory, v.message) for v in feed.violations] == [
        (True, "[DL-S3-01 x] data: open\n  Fix: close it"),
        (False, "[DL-S3-02 y] data: odd"),
    ]


def test_in_a_log_each_finished_resource_is_a_plain_line() -> None:
    text = io.StringIO()
    with step("Deploying", Console(file=text, width=100)) as running:
        feed = Feed(running)
        feed(outputs("create"))
        running.finish(feed.summary())
    lines = text.getvalue().splitlines()
    assert lines[0] == "· Deploying"
    assert lines[1].strip() == "created Bucket data-bucket"
    assert lines[2].startswith("✓ Deploying")
    assert lines[2].endswith("1 created")
    assert "\x1b" not in text.getvalue()


def test_on_a_terminal_the_running_line_shows_the_resource_and_leaves_one_line() -> None:
    text = io.StringIO()
    console = Console(file=text, width=100, force_terminal=True, color_system=None, legacy_windows=False)
    with step("Deploying", console) as running:
        Feed(running)(outputs("create"))
        assert running._live is not None
        running._live.refresh()
        assert "Bucket data-bucket" in text.getvalue()
    assert len(re.findall(r"✓ Deploying \d+\.\d s", text.getvalue())) == 1


def test_a_long_step_without_a_terminal_tells_now_and_then_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [100.0]
    monkeypatch.setattr("local.console.time.monotonic", lambda: clock[0])
    text = io.StringIO()
    running = Step("Compiling", Console(file=text, width=100))
    for second in range(30):
        clock[0] = 100.0 + second
        running.update(f"{second}/30 packages", second / 30)
    assert [line.split()[0] for line in text.getvalue().splitlines()] == ["10/30", "20/30"]
    assert "33%" in text.getvalue()


def test_a_failed_step_is_marked() -> None:
    text = io.StringIO()
    with pytest.raises(ValueError, match="no"), step("Deploying", Console(file=text)):
        raise ValueError("no")
    assert text.getvalue().splitlines()[-1].startswith("✗ Deploying")
