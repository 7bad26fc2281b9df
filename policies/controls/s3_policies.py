"""Bucket policies: TLS, strangers, and services acting for strangers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    settle,
    unverified,
)
from policies.controls.deputies import deputy_problems
from policies.graph.arns import covers, parse_arn
from policies.graph.buckets import Bucket, find_buckets, has_loose
from policies.graph.conditions import AUDIENCE_KEYS, Narrows, narrowed_by, why_not
from policies.graph.documents import Condition, Document, State, Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource

_MINIMUM_TLS = 1.2

Test = Callable[[Condition], bool]
DocumentJudge = Callable[[Bucket, Resource, Document], Iterator[Judgement]]


def each_policy(graph: Graph, judge: DocumentJudge, missing: str | None = None) -> Iterator[Judgement]:
    """Judge every bucket policy; a bucket without one fails with `missing`, or has nothing to judge."""
    buckets = graph.derived(find_buckets)
    loose = has_loose(buckets, Kind.BUCKET_POLICY)
    for bucket in buckets:
        if not bucket.policies:
            if missing is not None and bucket.resource is not None:
                text = f"bucket '{bucket.label}' has no bucket policy, so {missing}"
                unless = f"{text}, unless a policy whose bucket is not known yet is its"
                yield unverified(bucket.resource, unless) if loose else fails(bucket.resource, text)
            else:
                yield not_applicable(bucket.anchor, f"no policy for bucket '{bucket.label}' in this stack")
        for declaration, document in bucket.policies:
            holder = declaration.holder
            if document.state is State.UNKNOWN:
                yield unverified(holder, "the bucket policy is not known yet")
            elif document.state is State.INVALID:
                yield fails(holder, f"the policy of bucket '{bucket.label}' {document.problem}")
            else:
                yield from settle(holder, judge(bucket, holder, document))


def _refuses_plain_http(condition: Condition) -> bool:
    return (
        condition.operator == "bool"
        and condition.key == "aws:securetransport"
        and tuple(str(value).lower() for value in condition.values) == ("false",)
    )


def _refuses_old_tls(condition: Condition) -> bool:
    if condition.operator != "numericlessthan" or condition.key != "s3:tlsversion":
        return False
    try:
        return min(float(str(value)) for value in condition.values) >= _MINIMUM_TLS
    except ValueError:
        return False


def _denies(test: Test, aim: str) -> DocumentJudge:
    """Return a judge that wants everyone denied, on the bucket and its objects, when a condition holds."""

    def judge(bucket: Bucket, holder: Resource, document: Document) -> Iterator[Judgement]:
        denials = [
            s for s in document.statements if s.denies and len(s.conditions) == 1 and test(s.conditions[0])
        ]
        universal = [s for s in denials if _is_universal(s)]
        gaps = [text for text, path in _targets(bucket) if not any(_speaks_of(s, path) for s in universal)]
        if not gaps:
            return
        if document.has_unknown or (universal and not isinstance(bucket.name, str)):
            yield unverified(holder, f"whether the policy {aim} hangs on parts of it that are not known yet")
        elif not denials:
            yield fails(holder, f"no statement of the policy of bucket '{bucket.label}' {aim}")
        elif not universal:
            who, does = _joined(denials[0].principals), _joined(denials[0].actions)
            text = f"{denials[0].label} {aim} for {does} by {who} only, not for s3:* by everyone"
            yield fails(holder, f"bucket '{bucket.label}': {text}")
        else:
            text = f"{universal[0].label} {aim} but leaves out {' and '.join(gaps)}"
            yield fails(holder, f"bucket '{bucket.label}': {text}")

    return judge


def _is_universal(statement: Statement) -> bool:
    everyone = any(p.value == "*" and p.type in ("*", "AWS") for p in statement.principals)
    return everyone and any(action in ("*", "s3:*") for action in statement.actions)


def _targets(bucket: Bucket) -> tuple[tuple[str, str], ...]:
    name = bucket.name if isinstance(bucket.name, str) else bucket.label
    return ("the bucket itself", name), ("its objects", f"{name}/*")


def _speaks_of(statement: Statement, path: str) -> bool:
    for pattern in statement.known(statement.resources):
        arn = parse_arn(pattern)
        if pattern == "*" or (arn is not None and arn.service in ("s3", "*") and covers(arn.resource, path)):
            return True
    return False


def _joined(texts: tuple[object, ...]) -> str:
    return ", ".join(str(text) for text in texts) or "nobody"


def _strangers(bucket: Bucket, holder: Resource, document: Document) -> Iterator[Judgement]:
    for statement in document.statements:
        if not statement.allows:
            continue
        if statement.not_principals:
            text = f"{statement.label} allows everyone but some (NotPrincipal) into bucket '{bucket.label}'"
            yield fails(holder, text)
        elif any(p.is_anyone for p in statement.principals):
            answer = narrowed_by(statement, AUDIENCE_KEYS)
            if answer is Narrows.UNKNOWN:
                yield unverified(holder, f"the conditions of {statement.label} are not known yet")
            elif answer is Narrows.NO:
                reason = why_not(statement, AUDIENCE_KEYS) or "without a condition that shuts strangers out"
                what = f"{_joined(statement.actions)} on bucket '{bucket.label}'"
                text = f"{statement.label} allows {what} to anyone"
                yield fails(holder, f"{text}: {reason}")
        elif any(not isinstance(p.value, str) for p in statement.principals):
            yield unverified(holder, f"the principals of {statement.label} are not known yet")


def _deputies(bucket: Bucket, holder: Resource, document: Document) -> Iterator[Judgement]:
    del bucket
    for statement in document.statements:
        yield from deputy_problems(holder, statement, assuming=False)


_KINDS = frozenset({Kind.BUCKET, Kind.BUCKET_POLICY})
_POLICY = frozenset({Kind.BUCKET_POLICY})

CONTROLS = (
    Control(
        id="DL-S3-07",
        name="s3-tls-only",
        title="Bucket policies refuse requests without TLS",
        severity=Severity.HIGH,
        category=Category.TLS,
        why="S3 answers plain HTTP unless its policy refuses it: signatures and data travel in clear.",
        fix='Add a Deny of s3:* for Principal "*" on the bucket ARN and its "/*" with only the condition '
        'Bool aws:SecureTransport "false".',
        judge=lambda graph: each_policy(
            graph, _denies(_refuses_plain_http, "refuses plain HTTP"), "plain HTTP is answered"
        ),
        kinds=_KINDS,
        anchors=("CKV_AWS_379", "AwsSolutions-S10", "S3.5"),
    ),
    Control(
        id="DL-S3-08",
        name="s3-tls-min-version",
        title="Bucket policies refuse TLS older than 1.2",
        severity=Severity.MEDIUM,
        category=Category.TLS,
        why="TLS 1.0 and 1.1 are broken; aws:SecureTransport alone is satisfied by them.",
        fix='Add a Deny of s3:* for Principal "*" on the bucket ARN and its "/*" with only the condition '
        'NumericLessThan s3:TlsVersion "1.2".',
        judge=lambda graph: each_policy(
            graph, _denies(_refuses_old_tls, "refuses TLS below 1.2"), "TLS 1.0 is answered"
        ),
        kinds=_KINDS,
    ),
    Control(
        id="DL-S3-09",
        name="s3-policy-no-any-principal",
        title="Bucket policies grant nothing to anyone",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="An Allow for everybody is a public bucket the day its access block is lifted.",
        fix="Name the principals, or add a condition such as aws:PrincipalOrgID or aws:SourceVpce.",
        judge=lambda graph: each_policy(graph, _strangers),
        kinds=_KINDS,
        alone=_POLICY,
        anchors=("CKV_AWS_70", "S3.2", "S3.3"),
    ),
    Control(
        id="DL-S3-10",
        name="s3-policy-confused-deputy",
        title="Bucket policies admit services only on this account's behalf",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A service writes for all its customers: without the source pinned, any of them can write here.",
        fix="Add aws:SourceAccount, and aws:SourceArn where known, to statements with a Service principal.",
        judge=lambda graph: each_policy(graph, _deputies),
        kinds=_KINDS,
        alone=_POLICY,
    ),
)
