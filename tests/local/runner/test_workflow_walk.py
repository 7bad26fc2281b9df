"""Workflows in the embedded AWS are walked by their deployed triggers."""

import pytest

from local.runner.errors import RunnerError
from tests.local.runner.workflow_support import (
    Stage,
    crawl_action,
    crawl_is,
    job_action,
    job_is,
)

SAY = """
    import json, sys
    print(json.dumps({"run": {"argv": sys.argv[1:]}}))
"""
FAIL = "raise SystemExit('disk is full')"


def test_crawler_then_job_then_job_run_in_the_order_of_their_predicates(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler("raw-crawler")
    stage.job("one", SAY)
    stage.job("two", SAY)
    stage.on_demand("begin", crawl_action("raw-crawler"))
    stage.conditional("then-one", [crawl_is("raw-crawler")], job_action("one"))
    stage.conditional("then-two", [job_is("one")], job_action("two"))

    report = stage.start()

    assert [(node.name, node.state) for node in report.nodes] == [
        ("raw-crawler", "SUCCEEDED"),
        ("one", "SUCCEEDED"),
        ("two", "SUCCEEDED"),
    ]
    assert report.succeeded
    assert not report.silent_triggers
    run = stage.cloud.client("glue").get_workflow_run(Name="daily", RunId=report.run_id)["Run"]
    assert run["Status"] == "COMPLETED"
    assert run["Statistics"]["SucceededActions"] == 3


def test_a_stage_of_crawlers_is_waited_for_as_a_whole(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    for name in ("first", "second", "third"):
        stage.crawler(name)
    stage.job("load", SAY)
    stage.on_demand("begin", crawl_action("first"), crawl_action("second"))
    stage.conditional("rest", [crawl_is("first"), crawl_is("second")], crawl_action("third"))
    stage.conditional("then", [crawl_is(name) for name in ("first", "second", "third")], job_action("load"))

    report = stage.start()

    assert [node.name for node in report.nodes][2:] == ["third", "load"]
    assert report.succeeded


def test_one_crawler_that_fails_keeps_what_waits_for_all_from_starting(stage: Stage) -> None:
    stage.raw_table("2025-10-01")
    stage.crawler("sound")
    stage.crawler("lost", Targets={"CatalogTargets": [{"DatabaseName": "raw", "Tables": ["nowhere"]}]})
    stage.job("load", SAY)
    stage.on_demand("begin", crawl_action("sound"), crawl_action("lost"))
    stage.conditional("then", [crawl_is("sound"), crawl_is("lost")], job_action("load"))

    report = stage.start()

    assert {node.name: node.state for node in report.nodes} == {"sound": "SUCCEEDED", "lost": "FAILED"}
    (silent,) = report.silent_triggers
    assert silent.reason == "predicate never satisfied: crawler lost SUCCEEDED (it was FAILED)"


def test_a_trigger_with_more_crawlers_than_glue_starts_is_refused(stage: Stage) -> None:
    stage.on_demand("begin", *(crawl_action(name) for name in ("first", "second", "third")))

    with pytest.raises(RunnerError, match="begin starts 3 crawlers; Glue lets a trigger start 2"):
        stage.start()


def test_failed_job_fires_only_the_trigger_that_waits_for_failure(stage: Stage) -> None:
    stage.job("load", FAIL)
    stage.job("publish", SAY)
    stage.job("alert", SAY)
    stage.on_demand("begin", job_action("load"))
    stage.conditional("after", [job_is("load")], job_action("publish"))
    stage.conditional("on-failure", [job_is("load", "FAILED")], job_action("alert"))

    report = stage.start()

    assert {node.name: node.state for node in report.nodes} == {"load": "FAILED", "alert": "SUCCEEDED"}
    assert not report.succeeded
    (silent,) = report.silent_triggers
    assert silent.name == "after"
    assert silent.reason == "predicate never satisfied: job load SUCCEEDED (it was FAILED)"
    load = report.node("load")
    assert load is not None
    assert "disk is full" in (load.error or "")
    run = stage.cloud.client("glue").get_workflow_run(Name="daily", RunId=report.run_id)["Run"]
    assert run["Statistics"]["FailedActions"] == 1


def test_conditional_trigger_that_was_never_activated_does_not_fire(stage: Stage) -> None:
    stage.job("one", SAY)
    stage.job("two", SAY)
    stage.on_demand("begin", job_action("one"))
    stage.conditional("asleep", [job_is("one")], job_action("two"), activate=False)

    report = stage.start()

    assert [node.name for node in report.nodes] == ["one"]
    (silent,) = report.silent_triggers
    assert "never activated" in silent.reason


def test_and_waits_for_both_and_any_for_the_first(stage: Stage) -> None:
    for name in ("a", "b", "both", "either"):
        stage.job(name, FAIL if name == "b" else SAY)
    stage.on_demand("begin", job_action("a"), job_action("b"))
    stage.conditional("and", [job_is("a"), job_is("b")], job_action("both"))
    stage.conditional("any", [job_is("a"), job_is("b")], job_action("either"), logical="ANY")

    report = stage.start()

    assert {node.name for node in report.nodes} == {"a", "b", "either"}
    (silent,) = report.silent_triggers
    assert silent.name == "and"
    assert silent.reason == "predicate never satisfied: job b SUCCEEDED (it was FAILED)"


def test_predicate_on_a_job_that_nothing_starts_is_named(stage: Stage) -> None:
    stage.job("one", SAY)
    stage.job("two", SAY)
    stage.on_demand("begin", job_action("one"))
    stage.conditional("wrong", [job_is("one-misspelt")], job_action("two"))

    (silent,) = stage.start().silent_triggers

    assert silent.reason == "predicate never satisfied: job one-misspelt SUCCEEDED (it never ran)"


def test_trigger_that_starts_a_missing_job_fails_that_node_by_name(stage: Stage) -> None:
    stage.on_demand("begin", job_action("nowhere"))

    (node,) = stage.start().nodes

    assert node.state == "FAILED"
    assert "the job nowhere, which does not exist" in (node.error or "")


def test_workflow_without_a_starting_trigger_is_reported_as_error(stage: Stage) -> None:
    stage.job("one", SAY)
    stage.conditional("only", [job_is("one")], job_action("one"))
    run_id = stage.cloud.client("glue").start_workflow_run(Name="daily")["RunId"]

    (report,) = stage.run_pending()

    assert (report.run_id, report.status) == (run_id, "ERROR")
    assert "0 starting triggers" in (report.error or "")
    assert stage.run_pending() == []


def test_pending_runs_are_walked_once_and_oldest_first(stage: Stage) -> None:
    stage.job("one", SAY)
    stage.on_demand("begin", job_action("one"))
    glue = stage.cloud.client("glue")
    started = [glue.start_workflow_run(Name="daily")["RunId"] for _ in range(2)]

    assert [report.run_id for report in stage.run_pending()] == started
    assert stage.run_pending() == []


def test_object_event_starts_the_workflow_after_its_window(stage: Stage) -> None:
    stage.job("one", SAY)
    glue, events = stage.cloud.client("glue"), stage.cloud.client("events")
    glue.create_trigger(
        Name="begin",
        WorkflowName="daily",
        Type="EVENT",
        EventBatchingCondition={"BatchSize": 100, "BatchWindow": 900},
        Actions=[job_action("one")],
    )
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = stage.role("events-role", trust)
    workflow = "arn:aws:glue:eu-west-1:123456789012:workflow/daily"
    stage.cloud.client("iam").put_role_policy(
        RoleName="events-role",
        PolicyName="notify",
        PolicyDocument='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        f'"Action": "glue:notifyEvent", "Resource": "{workflow}"}}]}}',
    )
    stage.cloud.client("s3").put_bucket_notification_configuration(
        Bucket="stage", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    events.put_rule(
        Name="new-object",
        EventPattern='{"source": ["aws.s3"], "detail-type": ["Object Created"], '
        '"detail": {"object": {"key": [{"prefix": "raw/"}]}}}',
    )
    events.put_targets(Rule="new-object", Targets=[{"Id": "1", "Arn": workflow, "RoleArn": role}])

    stage.put("raw/trades/2025-10-01/a.csv", "id,price\n1,2\n")
    stage.put("raw/trades/2025-10-01/b.csv", "id,price\n1,2\n")
    stage.put("elsewhere/c.csv", "x")

    (report,) = stage.run_pending()

    assert report.succeeded
    assert "workflow daily: 2 events started a run" in stage.lines
