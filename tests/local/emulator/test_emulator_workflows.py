"""AWS Glue triggers and workflows in the embedded AWS, where moto differs from AWS."""

import itertools
from typing import Any

import pytest

from local.aws import Cloud
from tests.local.emulator.emulator_support import ACCOUNT, refused, subset

ROLE = f"arn:aws:iam::{ACCOUNT}:role/raw-to-processed"
JOB: dict[str, Any] = {
    "Role": ROLE,
    "Command": {"Name": "glueetl"},
    "ExecutionProperty": {"MaxConcurrentRuns": 2},
}


def conditional(name: str, **extra: Any) -> dict[str, Any]:
    condition = {"LogicalOperator": "EQUALS", "CrawlerName": "raw-data-crawler", "CrawlState": "SUCCEEDED"}
    return {
        "Name": name,
        "Type": "CONDITIONAL",
        "Predicate": {"Logical": "AND", "Conditions": [condition]},
        "Actions": [{"JobName": "raw-to-processed", "Timeout": 30}],
        **extra,
    }


def test_triggers_are_read_back_and_updated(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_workflow(Name="daily")
    wanted = conditional("clean", WorkflowName="daily", Description="After the crawl.")
    glue.create_trigger(**wanted, StartOnCreation=True)
    trigger = glue.get_trigger(Name="clean")["Trigger"]
    assert subset(trigger, wanted) == wanted
    assert trigger["State"] == "ACTIVATED"
    event = {
        "Name": "start",
        "Type": "EVENT",
        "WorkflowName": "daily",
        "Actions": [{"CrawlerName": "raw-data-crawler"}],
    }
    glue.create_trigger(**event, EventBatchingCondition={"BatchSize": 5})
    trigger = glue.get_trigger(Name="start")["Trigger"]
    assert subset(trigger, event) == event
    assert trigger["EventBatchingCondition"] == {"BatchSize": 5, "BatchWindow": 900}
    update = {
        "Actions": [{"CrawlerName": "other"}],
        "EventBatchingCondition": {"BatchSize": 7, "BatchWindow": 60},
    }
    answer = glue.update_trigger(Name="start", TriggerUpdate=update)["Trigger"]
    assert answer == glue.get_trigger(Name="start")["Trigger"]
    assert subset(answer, update) == update
    with refused("InvalidInputException"):
        glue.update_trigger(Name="clean", TriggerUpdate={"Actions": [{"JobName": "x"}]})


def test_an_event_trigger_has_no_start_and_no_stop(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_workflow(Name="evented")
    event = {"Type": "EVENT", "WorkflowName": "evented", "Actions": [{"JobName": "x"}]}
    with refused("InvalidInputException"):
        glue.create_trigger(Name="evented", **event, StartOnCreation=True)
    glue.create_trigger(Name="evented", **event)
    assert glue.get_trigger(Name="evented")["Trigger"]["State"] == "CREATED"
    with pytest.raises(glue.exceptions.InvalidInputException, match="Trigger Type EVENT cannot be started"):
        glue.start_trigger(Name="evented")
    with pytest.raises(
        glue.exceptions.InvalidInputException, match="not allowed when trigger is in state: CREATED"
    ):
        glue.stop_trigger(Name="evented")
    with pytest.raises(glue.exceptions.InvalidInputException, match="already has a starting trigger evented"):
        glue.create_trigger(Name="second", **event)
    with refused("AlreadyExistsException"):
        glue.create_trigger(Name="evented", **event)
    with refused("EntityNotFoundException"):
        glue.create_trigger(Name="third", **{**event, "WorkflowName": "nowhere"})


def test_a_trigger_that_was_started_can_be_stopped_and_an_on_demand_one_fires(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_trigger(**conditional("switched"))
    glue.start_trigger(Name="switched")
    glue.stop_trigger(Name="switched")
    assert glue.get_trigger(Name="switched")["Trigger"]["State"] == "DEACTIVATED"
    glue.create_workflow(Name="by-hand")
    glue.create_trigger(Name="by-hand", Type="ON_DEMAND", WorkflowName="by-hand", Actions=[{"JobName": "x"}])
    glue.start_trigger(Name="by-hand")
    assert len(glue.get_workflow_runs(Name="by-hand")["Runs"]) == 1


def test_a_workflow_has_a_graph_and_its_run_shows_what_was_walked(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_workflow(
        Name="graphed", Description="d", DefaultRunProperties={"a": "1"}, MaxConcurrentRuns=1
    )
    glue.create_crawler(Name="graphed-crawler", Role=ROLE, Targets={"S3Targets": [{"Path": "s3://x/"}]})
    glue.create_job(Name="graphed-job", **JOB)
    start = {"Type": "EVENT", "WorkflowName": "graphed", "Actions": [{"CrawlerName": "graphed-crawler"}]}
    glue.create_trigger(Name="graphed-1", **start)
    after = {"LogicalOperator": "EQUALS", "CrawlerName": "graphed-crawler", "CrawlState": "SUCCEEDED"}
    glue.create_trigger(
        Name="graphed-2",
        Type="CONDITIONAL",
        WorkflowName="graphed",
        Predicate={"Conditions": [after]},
        Actions=[{"JobName": "graphed-job"}],
    )
    graph = glue.get_workflow(Name="graphed", IncludeGraph=True)["Workflow"]["Graph"]
    names = {node["UniqueId"]: node["Name"] for node in graph["Nodes"]}
    edges = {(names[edge["SourceId"]], names[edge["DestinationId"]]) for edge in graph["Edges"]}
    chain = ["graphed-1", "graphed-crawler", "graphed-2", "graphed-job"]
    assert edges == set(itertools.pairwise(chain))

    run_id = glue.start_workflow_run(Name="graphed", RunProperties={"b": "2"})["RunId"]
    with refused("ConcurrentRunsExceededException"):
        glue.start_workflow_run(Name="graphed")
    glue.put_workflow_run_properties(Name="graphed", RunId=run_id, RunProperties={"c": "3"})
    properties = glue.get_workflow_run_properties(Name="graphed", RunId=run_id)["RunProperties"]
    assert properties == {"a": "1", "b": "2", "c": "3"}
    job_run = glue.start_job_run(JobName="graphed-job")["JobRunId"]
    nodes = [
        {
            "type": "CRAWLER",
            "name": "graphed-crawler",
            "state": "SUCCEEDED",
            "started_on": "2026-03-29T10:00:00Z",
        },
        {"type": "JOB", "name": "graphed-job", "state": "RUNNING", "run_id": job_run},
    ]
    course = {"status": "RUNNING", "statistics": {"TotalActions": 2, "SucceededActions": 1}, "nodes": nodes}
    cloud.control("PUT", f"glue/workflow-runs/graphed/{run_id}", course)
    run = glue.get_workflow_run(Name="graphed", RunId=run_id, IncludeGraph=True)["Run"]
    assert (run["Status"], run["Statistics"]["TotalActions"], run["Statistics"]["FailedActions"]) == (
        "RUNNING",
        2,
        0,
    )
    walked = {node["Name"]: node for node in run["Graph"]["Nodes"]}
    assert walked["graphed-job"]["JobDetails"]["JobRuns"][0]["Id"] == job_run
    assert walked["graphed-crawler"]["CrawlerDetails"]["Crawls"][0]["State"] == "SUCCEEDED"
    cloud.control("PUT", f"glue/workflow-runs/graphed/{run_id}", {"status": "ERROR", "error": "job failed"})
    run = glue.get_workflow_run(Name="graphed", RunId=run_id)["Run"]
    assert (run["Status"], run["ErrorMessage"]) == ("ERROR", "job failed")
    assert run["CompletedOn"] >= run["StartedOn"]
    with refused("IllegalWorkflowRunStateException"):
        glue.stop_workflow_run(Name="graphed", RunId=run_id)
    again = glue.start_workflow_run(Name="graphed")["RunId"]
    glue.stop_workflow_run(Name="graphed", RunId=again)
    assert glue.get_workflow_run(Name="graphed", RunId=again)["Run"]["Status"] == "STOPPED"
    glue.update_workflow(Name="graphed", Description="e")
    workflow = glue.get_workflow(Name="graphed")["Workflow"]
    assert workflow["Description"] == "e"
    assert not {"DefaultRunProperties", "MaxConcurrentRuns", "Graph"} & set(workflow)
    with refused("AlreadyExistsException"):
        glue.create_workflow(Name="graphed")
