"""Alarms, budgets and anomalies: that they exist where the stack watches at all, and reach somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    Verdict,
    fails,
    not_applicable,
    passes,
    settle,
    unverified,
)
from policies.controls.settings import each, setting, settings
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, at, is_true, items

_WATCHERS = (
    Kind.TRAIL,
    Kind.METRIC_ALARM,
    Kind.TOPIC,
    Kind.BUDGET,
    Kind.ANOMALY_MONITOR,
    Kind.FLOW_LOG,
)
_FAILED = {"FAILED", "TIMEOUT", "ERROR"}
# What can fail → the event that says so, the field that names it there, the states that mean it.
# https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
_WORKERS = {
    Kind.GLUE_JOB: ("Glue Job State Change", "jobName", '["FAILED", "TIMEOUT"]'),
    Kind.GLUE_CRAWLER: ("Glue Crawler State Change", "crawlerName", '["Failed"]'),
}
_NAMINGS = frozenset(naming for _, naming, _ in _WORKERS.values())


def watches(graph: Graph) -> bool:
    """Whether a stack has anything that watches: one without leaves all of it to its account."""
    return bool(graph.of(*_WATCHERS))


def _acts(graph: Graph, alarm: Resource) -> Iterator[Judgement]:
    del graph
    enabled = setting(alarm, "actionsEnabled")
    if isinstance(enabled, Unknown):
        yield unverified(alarm, "actionsEnabled is not known yet")
    elif enabled is not None and not is_true(enabled):
        yield fails(alarm, "rings nowhere: actionsEnabled is false")
    if not settings(alarm, "alarmActions"):
        yield fails(alarm, "rings nowhere: it has no alarmActions")


def _pattern(rule: Resource) -> Value:
    text = setting(rule, "eventPattern")
    if isinstance(text, str):
        try:
            loaded: Value = json.loads(text)
        except ValueError:
            return None
        return loaded
    return text


def _failure_rules(graph: Graph, kind: Kind) -> list[tuple[Resource, frozenset[str] | None]]:
    """Return rules on failures of Glue jobs or crawlers, with their names; `None` for all of them."""
    wanted, naming, _ = _WORKERS[kind]
    found = []
    for rule in graph.of(Kind.EVENT_RULE):
        if rule.at("state") == "DISABLED" or rule.at("isEnabled") is False:
            continue
        pattern = _pattern(rule)
        if isinstance(pattern, Unknown) or not isinstance(pattern, dict):
            continue
        types = items(pattern.get("detail-type"))
        if "aws.glue" not in items(pattern.get("source")) or (types and wanted not in types):
            continue
        states = {str(s).upper() for s in items(at(pattern.get("detail"), "state"))}
        if states and not states & _FAILED:
            continue
        if any(at(pattern.get("detail"), other) is not None for other in _NAMINGS - {naming}):
            continue
        names = at(pattern.get("detail"), naming)
        found.append((rule, None if names is None else frozenset(str(n) for n in items(names))))
    return found


def _is_heard(graph: Graph, rule: Resource) -> bool:
    return any(
        (target := graph.follow(t, "rule", Kind.EVENT_RULE).target) is not None and target.urn == rule.urn
        for t in graph.of(Kind.EVENT_TARGET)
    )


def _alarmed(graph: Graph, job: Resource) -> bool:
    """Whether a metric alarm speaks of a job by its dimension."""
    name = job.at("name")
    for alarm in graph.of(Kind.METRIC_ALARM):
        dimensions = alarm.at("dimensions")
        if isinstance(dimensions, dict) and name in dimensions.values() and settings(alarm, "alarmActions"):
            return True
    return False


def _failures_heard(graph: Graph) -> Iterator[Judgement]:
    rules = {kind: _failure_rules(graph, kind) for kind in _WORKERS}
    listening = bool(graph.of(Kind.TOPIC, Kind.METRIC_ALARM)) or any(rules.values())
    undecided = any(isinstance(_pattern(r), Unknown) for r in graph.of(Kind.EVENT_RULE))
    for job in graph.of(*_WORKERS):
        name, kind = job.at("name"), Kind(str(job.kind))
        own = [rule for rule, names in rules[kind] if names is None or name in names]
        if not listening:
            yield not_applicable(job, "the stack has nothing that tells anybody anything")
        elif any(_is_heard(graph, rule) for rule in own) or _alarmed(graph, job):
            yield passes(job)
        elif undecided:
            yield unverified(job, "whether its failures are heard hangs on a pattern that is not known yet")
        elif own:
            yield fails(job, f"nobody hears of its failures: rule {own[0].name} has no target")
        else:
            wanted, naming, state = _WORKERS[kind]
            detail = f'"detail-type": ["{wanted}"], "detail": {{"{naming}": ["{name}"], "state": {state}}}'
            yield fails(
                job,
                "nobody hears of its failures: no event rule on its state, no alarm on its metrics",
                f'Declare an EventRule on {{"source": ["aws.glue"], {detail}}}, with a topic as target.',
            )


def _budget_speaks(graph: Graph, budget: Resource) -> Iterator[Judgement]:
    del graph
    notices = settings(budget, "notifications")
    if any(isinstance(notice, Unknown) for notice in notices):
        yield unverified(budget, "notifications are not known yet")
        return
    if not notices:
        yield fails(budget, "warns nobody: it has no notifications")
    for notice in notices:
        whom = (*items(at(notice, "subscriberEmailAddresses")), *items(at(notice, "subscriberSnsTopicArns")))
        if not whom:
            yield fails(budget, "one of its notifications has no subscriber")


def _budget_exists(graph: Graph) -> Iterator[Judgement]:
    yield from _present(graph, Kind.BUDGET, "no budget says when the lake costs more than it should")


def _monitor_exists(graph: Graph) -> Iterator[Judgement]:
    for judgement in _present(graph, Kind.ANOMALY_MONITOR, "nothing notices when its costs leap"):
        yield replace(judgement, of_account=judgement.verdict is Verdict.FAIL)


def _present(graph: Graph, kind: Kind, harm: str) -> Iterator[Judgement]:
    lake = graph.of(Kind.LF_LOCATION, Kind.GLUE_JOB)
    if not lake:
        return
    found = graph.of(kind)
    if found:
        yield from (passes(resource) for resource in found)
    elif watches(graph):
        yield fails(lake[0], harm)
    else:
        yield not_applicable(lake[0], "the stack leaves watching to its account")


def _subscribed(graph: Graph) -> Iterator[Judgement]:
    subscriptions = graph.of(Kind.ANOMALY_SUBSCRIPTION)
    for monitor in graph.of(Kind.ANOMALY_MONITOR):
        own = []
        for subscription in subscriptions:
            values = settings(subscription, "monitorArnLists")
            joined = graph.dependencies_of(subscription, "monitorArnLists", Kind.ANOMALY_MONITOR)
            if monitor in joined or any(
                isinstance(v, str) and graph.named(Kind.ANOMALY_MONITOR, v) == monitor for v in values
            ):
                own.append(subscription)
        if own:
            yield from settle(monitor, ())
        elif any(isinstance(v, Unknown) for s in subscriptions for v in settings(s, "monitorArnLists")):
            yield unverified(monitor, "whether anybody subscribed to it is not known yet")
        else:
            yield fails(monitor, "tells nobody: no anomaly subscription names it")


_ALARM = frozenset({Kind.METRIC_ALARM})
_BUDGET = frozenset({Kind.BUDGET})
_MONITOR = frozenset({Kind.ANOMALY_MONITOR})
_LAKE = frozenset({Kind.LF_LOCATION, Kind.GLUE_JOB})

CONTROLS = (
    Control(
        id="DL-ALM-01",
        name="alarm-actions",
        title="Alarms ring somewhere",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="An alarm without an action turns red on a page that nobody has open.",
        fix="Set alarmActions to a topic, and leave actionsEnabled on.",
        judge=each(_acts, Kind.METRIC_ALARM),
        kinds=_ALARM,
        alone=_ALARM,
        anchors=("CKV_AWS_319", "CloudWatch.15", "CloudWatch.17"),
    ),
    Control(
        id="DL-ALM-02",
        name="alarm-pipeline-failures",
        title="Somebody hears when a job or a crawler fails",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="Glue tells nobody by itself that a job or crawler failed; stale data is noticed weeks later.",
        fix="Declare an EventRule on Glue Job State Change FAILED and TIMEOUT (Glue Crawler State Change "
        "Failed), with a topic as target.",
        judge=_failures_heard,
        kinds=_ALARM | {*_WORKERS, Kind.EVENT_RULE, Kind.EVENT_TARGET, Kind.TOPIC},
        advisory=True,
        presence=True,
    ),
    Control(
        id="DL-COST-01",
        name="budget-notifies",
        title="Budgets warn somebody",
        severity=Severity.LOW,
        category=Category.COST,
        why="A budget stops nothing; the notification is all it does.",
        fix="Add notifications with subscriberEmailAddresses or subscriberSnsTopicArns.",
        judge=each(_budget_speaks, Kind.BUDGET),
        kinds=_BUDGET,
        alone=_BUDGET,
    ),
    Control(
        id="DL-COST-02",
        name="budget-exists",
        title="A stack that holds the lake and watches it has a budget",
        severity=Severity.LOW,
        category=Category.COST,
        why="Without one, the invoice is the alarm.",
        fix="Declare budgets.Budget with notifications, or switch this control off.",
        judge=_budget_exists,
        kinds=_BUDGET | _LAKE,
        advisory=True,
        presence=True,
    ),
    Control(
        id="DL-COST-03",
        name="cost-anomaly-monitor",
        title="A stack that holds the lake and watches it has an anomaly monitor",
        severity=Severity.LOW,
        category=Category.COST,
        why="A leap within the budget is a leap all the same: often the first sign of an intruder.",
        fix="Declare costexplorer.AnomalyMonitor and AnomalySubscription, or switch this control off.",
        judge=_monitor_exists,
        kinds=_MONITOR | _LAKE,
        advisory=True,
        presence=True,
        of_account=True,
    ),
    Control(
        id="DL-COST-04",
        name="cost-anomaly-subscribed",
        title="Anomaly monitors tell somebody",
        severity=Severity.LOW,
        category=Category.COST,
        why="A monitor without a subscription finds anomalies and keeps them to itself.",
        fix="Declare costexplorer.AnomalySubscription with the monitor's ARN.",
        judge=_subscribed,
        kinds=_MONITOR | {Kind.ANOMALY_SUBSCRIPTION},
    ),
)
