"""CloudTrail: every region, every read of the lake, validated, encrypted."""

from __future__ import annotations

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
from policies.controls.settings import both, customer_key, each, given, on, setting, settings
from policies.controls.watching import watches
from policies.graph.buckets import Bucket, lake_buckets
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, at, is_true, items

_EVERY_BUCKET = ("arn:aws:s3", "arn:aws:s3:::")


def _exists(graph: Graph) -> Iterator[Judgement]:
    for bucket in lake_buckets(graph):
        if graph.of(Kind.TRAIL):
            yield from settle(bucket.anchor, ())
        elif watches(graph):
            yield fails(
                bucket.anchor, "holds the lake, but no trail of the stack records who does what to it"
            )
        else:
            yield not_applicable(bucket.anchor, "the stack leaves watching to its account")


def _data_events(graph: Graph) -> Iterator[Judgement]:
    lake, trails = lake_buckets(graph), graph.of(Kind.TRAIL)
    for trail in trails:
        recorded = [_records(graph, trail, bucket) for bucket in lake]
        if not lake:
            yield not_applicable(trail, "the stack has no lake")
        elif all(r is True for r in recorded):
            yield passes(trail)
        elif any(r is None for r in recorded):
            yield unverified(trail, "what data events it records is not known yet")
        else:
            bare = ", ".join(b.label for b, r in zip(lake, recorded, strict=True) if not r)
            yield fails(trail, f"does not record who reads and writes objects of {bare}")


def _records(graph: Graph, trail: Resource, bucket: Bucket) -> bool | None:
    """Whether a trail records reads and writes of a bucket's objects; `None` when not known yet."""
    advanced, classic = settings(trail, "advancedEventSelectors"), settings(trail, "eventSelectors")
    if any(isinstance(s, Unknown) for s in (*advanced, *classic)):
        return None
    answers = [_advanced(graph, trail, s, bucket) for s in advanced]
    answers += [_classic(graph, trail, s, bucket) for s in classic]
    if any(a is True for a in answers):
        return True
    return None if any(a is None for a in answers) else False


def _classic(graph: Graph, trail: Resource, selector: Value, bucket: Bucket) -> bool | None:
    if at(selector, "readWriteType") not in (None, "All"):
        return False
    for data in items(at(selector, "dataResources")):
        if at(data, "type") == "AWS::S3::Object":
            for value in items(at(data, "values")):
                answer = _names(graph, trail, "eventSelectors", value, bucket)
                if answer is not False:
                    return answer
    return False


def _advanced(graph: Graph, trail: Resource, selector: Value, bucket: Bucket) -> bool | None:
    fields = {str(at(f, "field")): f for f in items(at(selector, "fieldSelectors"))}
    kinds = [str(v) for v in items(at(fields.get("resources.type"), "equals"))]
    if "AWS::S3::Object" not in kinds or "readOnly" in fields:
        return False
    place = fields.get("resources.ARN")
    if place is None:
        return True
    found: bool | None = False
    for value in (*items(at(place, "startsWiths")), *items(at(place, "equals"))):
        answer = _names(graph, trail, "advancedEventSelectors", value, bucket)
        if answer is not False:
            found = answer
    return found


def _names(graph: Graph, trail: Resource, prop: str, value: Value, bucket: Bucket) -> bool | None:
    if isinstance(value, Unknown):
        joined = graph.dependencies_of(trail, prop, Kind.BUCKET)
        return True if bucket.resource is not None and bucket.resource in joined else None
    text = str(value)
    return text in _EVERY_BUCKET or text.rstrip("/") == f"arn:aws:s3:::{bucket.name}"


def _everywhere(graph: Graph, trail: Resource) -> Iterator[Judgement]:
    yield from on("what happens in other regions is not recorded", "isMultiRegionTrail")(graph, trail)
    value = setting(trail, "includeGlobalServiceEvents")
    if value is not None and not isinstance(value, Unknown) and not is_true(value):
        yield fails(trail, "does not record IAM and STS: includeGlobalServiceEvents is false")


_TRAIL = frozenset({Kind.TRAIL})
CONTROLS = (
    Control(
        id="DL-TRAIL-01",
        name="trail-multiregion",
        title="Trails record every region and the global services",
        severity=Severity.HIGH,
        category=Category.AUDIT,
        why="Intruders work in the region where nobody looks.",
        fix="Set isMultiRegionTrail to true and leave includeGlobalServiceEvents on.",
        judge=each(_everywhere, Kind.TRAIL),
        kinds=_TRAIL,
        alone=_TRAIL,
        anchors=("CKV_AWS_67", "CloudTrail.1"),
    ),
    Control(
        id="DL-TRAIL-02",
        name="trail-kms",
        title="Trails are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Who reads the trail learns what everybody does; the key's policy decides who does.",
        fix="Set kmsKeyId to the ARN of a key whose policy admits the trail.",
        judge=each(customer_key("the trail is", "kmsKeyId"), Kind.TRAIL),
        kinds=_TRAIL,
        alone=_TRAIL,
        anchors=("CKV_AWS_35", "CloudTrail.2"),
    ),
    Control(
        id="DL-TRAIL-03",
        name="trail-validation",
        title="Trails can be checked for tampering",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="Without digests nobody can tell whether a log file was changed or is missing.",
        fix="Set enableLogFileValidation to true.",
        judge=each(on("changed files cannot be told", "enableLogFileValidation"), Kind.TRAIL),
        kinds=_TRAIL,
        alone=_TRAIL,
        anchors=("CKV_AWS_36", "CloudTrail.4"),
    ),
    Control(
        id="DL-TRAIL-04",
        name="trail-cloudwatch",
        title="Trails reach CloudWatch Logs",
        severity=Severity.LOW,
        category=Category.AUDIT,
        why="Metric filters and alarms on denied accesses read the log group, not the bucket.",
        fix="Set cloudWatchLogsGroupArn and cloudWatchLogsRoleArn.",
        judge=each(
            both(
                given("no alarm can read it", "cloudWatchLogsGroupArn"),
                given("the trail may not write there", "cloudWatchLogsRoleArn"),
            ),
            Kind.TRAIL,
        ),
        kinds=_TRAIL,
        alone=_TRAIL,
        anchors=("CKV2_AWS_10", "CloudTrail.5"),
    ),
    Control(
        id="DL-TRAIL-05",
        name="trail-logging-on",
        title="Trails are switched on",
        severity=Severity.HIGH,
        category=Category.AUDIT,
        why="A trail that does not log looks like one in every list.",
        fix="Leave enableLogging out or set it to true.",
        judge=each(on("nothing is recorded", "enableLogging", default=True), Kind.TRAIL),
        kinds=_TRAIL,
        alone=_TRAIL,
        anchors=("CKV_AWS_251",),
    ),
    Control(
        id="DL-TRAIL-06",
        name="trail-data-events",
        title="Trails record reads and writes of the lake's objects",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="Management events do not show who read which object; that is what an audit asks.",
        fix="Add an event selector AWS::S3::Object, readWriteType All, with the ARN of each lake bucket.",
        judge=_data_events,
        kinds=_TRAIL | {Kind.BUCKET, Kind.LF_LOCATION, Kind.GLUE_DATABASE},
        anchors=("S3.22", "S3.23"),
    ),
    Control(
        id="DL-TRAIL-09",
        name="trail-exists",
        title="A stack that holds the lake and watches it has a trail",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="Without a trail there is nothing to look at after a breach.",
        fix="Declare cloudtrail.Trail, or leave it to the account's own and switch this control off.",
        judge=_exists,
        kinds=_TRAIL | {Kind.BUCKET},
        advisory=True,
        presence=True,
    ),
    Control(
        id="DL-TRAIL-10",
        name="event-data-store-cmk",
        title="Event data stores are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="It holds what trails hold, for years.",
        fix="Set kmsKeyId to the ARN of a key.",
        judge=each(customer_key("the event data store is", "kmsKeyId"), Kind.EVENT_DATA_STORE),
        kinds=frozenset({Kind.EVENT_DATA_STORE}),
        alone=frozenset({Kind.EVENT_DATA_STORE}),
        anchors=("CKV_AWS_294", "CloudTrail.10"),
    ),
)
