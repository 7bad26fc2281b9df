"""EventBridge and its scheduler: policies, keys, roles, dead letters, and whether anything comes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    passes,
    settle,
    unverified,
)
from policies.controls.resource_documents import deputies, each_document, other_accounts, strangers
from policies.controls.settings import customer_key, each, setting
from policies.graph.arns import parse_arn
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.needs import called_by
from policies.graph.principals import Grant, identities
from policies.graph.resource_policies import places
from policies.graph.values import Unknown, Value, at, is_true, items
from policies.iam.facts import expand


def _target_role(graph: Graph) -> Iterator[Judgement]:
    found = graph.derived(identities)
    for target in graph.of(Kind.EVENT_TARGET):
        reference = graph.follow(target, "roleArn", Kind.ROLE)
        if reference.join is Join.UNKNOWN:
            yield unverified(target, "roleArn is not known yet and leads to no role of the stack")
        elif reference.target is None:
            yield passes(target)
        else:
            yield from settle(target, _beyond(found.effective[reference.target.urn].grants, target))


def _beyond(grants: list[Grant], target: Resource) -> Iterator[Judgement]:
    arn = target.at("arn")
    wanted = parse_arn(str(arn)) if isinstance(arn, str) else None
    for grant in grants:
        for statement in (s for s in grant.document.statements if s.allows):
            for resource in statement.known(statement.resources):
                held = parse_arn(resource)
                same = held is not None and wanted is not None and held.service == wanted.service
                if wanted is not None and not same and resource != "*":
                    text = f"its role may also reach {resource}, which is not its target {arn}"
                    yield fails(target, text)


def _target_dead_letters(graph: Graph) -> Iterator[Judgement]:
    for target in graph.of(Kind.EVENT_TARGET):
        if setting(target, "deadLetterConfig", "arn") is not None:
            yield passes(target)
        elif graph.of(Kind.QUEUE):
            yield fails(target, "an event that its target refuses is lost: it has no deadLetterConfig")
        else:
            yield not_applicable(target, "the stack has no queue to keep anything in")


def _schedule_safe(graph: Graph, schedule: Resource) -> Iterator[Judgement]:
    yield from customer_key("its input is", "kmsKeyArn")(graph, schedule)


def _bucket_speaks(graph: Graph) -> Iterator[Judgement]:
    """Judge whether the buckets whose events a rule waits for hand their events to EventBridge."""
    speaking = set()
    for notification in graph.of(Kind.BUCKET_NOTIFICATION):
        target = graph.follow(notification, "bucket", Kind.BUCKET).target
        if target is not None and is_true(notification.at("eventbridge")):
            speaking.add(target.urn)
    for rule in graph.of(Kind.EVENT_RULE):
        pattern = setting(rule, "eventPattern")
        if isinstance(pattern, Unknown):
            yield unverified(rule, "eventPattern is not known yet")
            continue
        waits = [graph.named(Kind.BUCKET, name) for name in _buckets_in(pattern)]
        silent = [bucket for bucket in waits if bucket is not None and bucket.urn not in speaking]
        text = "waits for events of bucket {}, which sends EventBridge none"
        yield from settle(rule, (fails(rule, text.format(bucket.name)) for bucket in silent))


def _buckets_in(pattern: Value) -> list[str]:
    """Return the buckets that an event pattern names in full."""
    try:
        content = json.loads(pattern) if isinstance(pattern, str) else pattern
    except ValueError:
        return []
    if not isinstance(content, dict) or "aws.s3" not in items(content.get("source")):
        return []
    return [name for name in items(at(content, "detail", "bucket", "name")) if isinstance(name, str)]


def _call_exists(graph: Graph, schedule: Resource) -> Iterator[Judgement]:
    literal = setting(schedule, "target", "arn")
    if isinstance(literal, Unknown):
        yield unverified(schedule, "target.arn is not known yet")
        return
    action = called_by(schedule)
    if action is not None and not expand(action):
        yield fails(schedule, f"target.arn names {literal}: AWS knows no call {action}")
    if action == "glue:StartJobRun":
        yield from _starts_a_job(graph, schedule)


def _starts_a_job(graph: Graph, schedule: Resource) -> Iterator[Judgement]:
    given = setting(schedule, "target", "input")
    if isinstance(given, Unknown):
        return
    try:
        name = at(json.loads(str(given)), "JobName")
    except ValueError:
        name = None
    if not isinstance(name, str):
        yield fails(schedule, "target.input names no JobName, so that nothing is started")
    elif graph.of(Kind.GLUE_JOB) and graph.named(Kind.GLUE_JOB, name) is None:
        yield fails(schedule, f"target.input starts job {name}, which the stack does not have")


def _rule_on(graph: Graph, rule: Resource) -> Iterator[Judgement]:
    del graph
    state, flag = setting(rule, "state"), setting(rule, "isEnabled")
    if isinstance(state, Unknown) or isinstance(flag, Unknown):
        yield unverified(rule, "whether it is on is not known yet")
    elif state == "DISABLED" or flag is False:
        yield fails(rule, f"does nothing: {'isEnabled is false' if flag is False else 'state is DISABLED'}")


_TARGET = frozenset({Kind.EVENT_TARGET})
CONTROLS = (
    Control(
        id="DL-EVT-01",
        name="eventbus-policy",
        title="Policies of event buses grant nothing to anyone",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever may put events starts the pipeline.",
        fix="Name the principals, or add aws:PrincipalOrgID.",
        judge=each_document(strangers, Kind.EVENT_BUS),
        kinds=places(Kind.EVENT_BUS),
        alone=frozenset({Kind.EVENT_BUS_POLICY}),
        anchors=("AwsSolutions-EVB1", "EventBridge.3"),
    ),
    Control(
        id="DL-EVT-02",
        name="eventbus-cmk",
        title="Event buses are encrypted under a customer key",
        severity=Severity.LOW,
        category=Category.ENCRYPTION,
        why="Events quote object keys and errors.",
        fix="Set kmsKeyIdentifier to the ARN of a key.",
        judge=each(customer_key("events are", "kmsKeyIdentifier"), Kind.EVENT_BUS),
        kinds=frozenset({Kind.EVENT_BUS}),
        alone=frozenset({Kind.EVENT_BUS}),
    ),
    Control(
        id="DL-EVT-03",
        name="event-target-dlq",
        title="Event targets keep what they could not deliver",
        severity=Severity.LOW,
        category=Category.RESILIENCE,
        why="An event that was refused for a day is gone, and with it a load of raw data.",
        fix="Set deadLetterConfig.arn to a queue.",
        judge=_target_dead_letters,
        kinds=_TARGET,
        advisory=True,
        presence=True,
    ),
    Control(
        id="DL-EVT-04",
        name="event-target-role",
        title="Roles of event targets reach the target's service only",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever may put a matching event uses that role.",
        fix="Give the target a role whose policy names the target's ARN only.",
        judge=_target_role,
        kinds=_TARGET | {Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY},
    ),
    Control(
        id="DL-EVT-05",
        name="scheduler-cmk",
        title="Schedules are encrypted under a customer key",
        severity=Severity.LOW,
        category=Category.ENCRYPTION,
        why="The input of a schedule says what it starts, and with what.",
        fix="Set kmsKeyArn to the ARN of a key.",
        judge=each(_schedule_safe, Kind.SCHEDULE),
        kinds=frozenset({Kind.SCHEDULE}),
        alone=frozenset({Kind.SCHEDULE}),
        anchors=("CKV_AWS_297",),
    ),
    Control(
        id="DL-EVT-06",
        name="event-bucket-speaks",
        title="Buckets whose events a rule waits for send them",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="Without eventbridge on the bucket the rule never matches, and new files lie unread.",
        fix="Declare BucketNotification with eventbridge true for the bucket.",
        judge=_bucket_speaks,
        kinds=frozenset({Kind.EVENT_RULE, Kind.BUCKET_NOTIFICATION, Kind.BUCKET}),
    ),
    Control(
        id="DL-EVT-07",
        name="schedule-call-exists",
        title="Schedules call something that exists",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="The scheduler takes any target and input, and fails at the first hour that it is for.",
        fix="Correct target.arn (arn:aws:scheduler:::aws-sdk:<service>:<call>) and target.input.",
        judge=each(_call_exists, Kind.SCHEDULE),
        kinds=frozenset({Kind.SCHEDULE, Kind.GLUE_JOB}),
    ),
    Control(
        id="DL-EVT-08",
        name="eventbus-cross-account",
        title="Policies of event buses admit no other account",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever governs the other account decides from then on what starts the pipeline.",
        fix="Drop the principal, or pin aws:PrincipalOrgID.",
        judge=each_document(other_accounts, Kind.EVENT_BUS),
        kinds=places(Kind.EVENT_BUS),
    ),
    Control(
        id="DL-EVT-09",
        name="eventbus-confused-deputy",
        title="Policies of event buses admit services only on this account's behalf",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A service puts events for all its customers: unpinned, any of them starts the pipeline.",
        fix="Add aws:SourceAccount, and aws:SourceArn where known, to statements with a Service principal.",
        judge=each_document(deputies, Kind.EVENT_BUS),
        kinds=places(Kind.EVENT_BUS),
        alone=frozenset({Kind.EVENT_BUS_POLICY}),
    ),
    Control(
        id="DL-EVT-10",
        name="event-rule-on",
        title="Every event rule is on",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A rule that is off looks in the program like an alarm or a pipeline, and does nothing.",
        fix="Set state to ENABLED or leave it out, or remove the rule.",
        judge=each(_rule_on, Kind.EVENT_RULE),
        kinds=frozenset({Kind.EVENT_RULE}),
        alone=frozenset({Kind.EVENT_RULE}),
    ),
)
