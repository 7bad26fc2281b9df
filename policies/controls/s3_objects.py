"""What may happen to objects behind the bucket's back: clients' own keys, dead rules, mixed logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.s3 import each_declaration
from policies.controls.s3_policies import each_policy
from policies.controls.s3_retention import is_enabled, is_whole_bucket
from policies.graph.buckets import Bucket, Declaration, find_buckets
from policies.graph.documents import Document, Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, at, items

_CLIENT_KEY = "s3:x-amz-server-side-encryption-customer-algorithm"
_IS_BROUGHT = ("null", _CLIENT_KEY, ("false",))


def _client_keys(bucket: Bucket, holder: Resource, document: Document) -> Iterator[Judgement]:
    if bucket.is_log_target or any(_refuses_client_keys(s) for s in document.statements):
        return
    if document.has_unknown:
        yield unverified(holder, "whether it refuses clients' own keys hangs on parts that are not known yet")
    else:
        text = f"an upload to bucket '{bucket.label}' may bring a key of the client's own (SSE-C)"
        yield fails(holder, f"{text}: whoever can write can make the data unreadable for everybody else")


def _refuses_client_keys(statement: Statement) -> bool:
    return (
        statement.denies
        and any(p.value == "*" and p.type in ("*", "AWS") for p in statement.principals)
        and any(str(a).lower() in ("*", "s3:*", "s3:put*", "s3:putobject") for a in statement.actions)
        and len(statement.conditions) == 1
        and all((c.operator, c.key, c.values) == _IS_BROUGHT for c in statement.conditions)
    )


def _rules_live(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
    del graph
    rules = [rule for rule in items(declaration.block) if isinstance(rule, dict)]
    for rule in rules:
        if not isinstance(at(rule, "status"), Unknown) and not is_enabled(rule):
            text = (
                f"rule {_label(rule)} of bucket '{bucket.label}' is switched off: it keeps what it should end"
            )
            yield fails(declaration.holder, text, "Enable the rule or remove it.")
    whole = next(
        (rule for rule in rules if is_enabled(rule) and is_whole_bucket(rule) and _expires(rule)), None
    )
    if whole is not None and any(not is_whole_bucket(rule) for rule in rules):
        text = f"rule {_label(whole)} of bucket '{bucket.label}' expires or moves objects of the whole bucket"
        yield fails(
            declaration.holder,
            f"{text}, also those for which other rules have prefixes",
            f"Give rule {_label(whole)} the prefix that it is for.",
        )


def _expires(rule: Value) -> bool:
    """Whether a rule moves or ends objects that are in use, not only old versions of them."""
    ends = any(at(rule, "expiration", name) is not None for name in ("days", "date"))
    return ends or bool(items(at(rule, "transitions")))


def _label(rule: Value) -> str:
    name = at(rule, "id")
    return f"'{name}'" if isinstance(name, str) else "without a name"


def _own_prefix(graph: Graph) -> Iterator[Judgement]:
    # A bucket may say the same twice, in it and beside it: that is not another bucket's place.
    places = (
        {_where_to(declaration) for declaration in bucket.declarations(Kind.BUCKET_LOGGING)}
        for bucket in graph.derived(find_buckets)
    )
    count = Counter(place for found in places for place in found)

    def judge(graph: Graph, bucket: Bucket, declaration: Declaration) -> Iterator[Judgement]:
        del graph
        prefix = at(declaration.block, "targetPrefix")
        if isinstance(prefix, Unknown):
            return
        if not prefix:
            yield fails(declaration.holder, f"access logs of bucket '{bucket.label}' have no targetPrefix")
        elif count[_where_to(declaration)] > 1:
            text = f"access logs of bucket '{bucket.label}' lie under '{prefix}' with those of another bucket"
            yield fails(declaration.holder, text)

    yield from each_declaration(graph, Kind.BUCKET_LOGGING, None, judge)


def _where_to(logging: Declaration) -> tuple[str, str]:
    return str(at(logging.block, "targetBucket")), str(at(logging.block, "targetPrefix"))


_POLICY = frozenset({Kind.BUCKET, Kind.BUCKET_POLICY})
_LIFECYCLE = frozenset({Kind.BUCKET, Kind.BUCKET_LIFECYCLE})

CONTROLS = (
    Control(
        id="DL-S3-27",
        name="s3-deny-client-keys",
        title="Bucket policies refuse uploads under keys of the client's own",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="SSE-C is how buckets are held to ransom: overwritten under a key that nobody here has.",
        fix='Add a Deny of s3:PutObject for everyone on "<bucket>/*" with only the condition Null '
        f'{_CLIENT_KEY} "false".',
        judge=lambda graph: each_policy(graph, _client_keys),
        kinds=_POLICY,
    ),
    Control(
        id="DL-S3-28",
        name="s3-lifecycle-rules-live",
        title="Every lifecycle rule is on, and expires no more than it is for",
        severity=Severity.MEDIUM,
        category=Category.COST,
        why="A rule that is off keeps personal data past its time; one without its prefix deletes the lake.",
        fix="Enable the rule, give it its prefix, or remove it.",
        judge=lambda graph: each_declaration(graph, Kind.BUCKET_LIFECYCLE, None, _rules_live),
        kinds=_LIFECYCLE,
    ),
    Control(
        id="DL-S3-29",
        name="s3-log-prefix",
        title="Access logs of each bucket lie under a prefix of their own",
        severity=Severity.LOW,
        category=Category.AUDIT,
        why="Mixed logs can be told apart, and kept or given away, only object by object.",
        fix="Set targetPrefix to one that no other bucket has.",
        judge=_own_prefix,
        kinds=frozenset({Kind.BUCKET, Kind.BUCKET_LOGGING}),
    ),
)
