"""What a principal can make of all its policies together: more rights, credentials, a way out for data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
from policies.graph.arns import covers, has_wildcard, parse_arn
from policies.graph.conditions import Narrows, narrowed_by
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import EffectivePolicy, identities
from policies.graph.rights import Right, is_readable, rights
from policies.graph.values import at
from policies.iam.escalations import CREDENTIALS, DATA_READS, EGRESS, ESCALATIONS, Escalation
from policies.iam.facts import expand, is_effectively_star

PrincipalJudge = Callable[[Graph, EffectivePolicy], Iterator[Judgement]]
_FOR_A_RESOURCE = frozenset({"kms:grantisforawsresource"})


def each_principal(graph: Graph, judge: PrincipalJudge) -> Iterator[Judgement]:
    """Judge every principal of the stack by the union of what it holds."""
    for effective in graph.derived(identities).effective.values():
        found = list(judge(graph, effective))
        yield from settle(effective.principal, found)
        if not found and not is_readable(effective):
            yield unverified(effective.principal, "a policy that it holds is not known yet")


def _escalates(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    del graph
    by_statements: defaultdict[str, list[tuple[Escalation, tuple[Right, ...]]]] = defaultdict(list)
    for path in ESCALATIONS:
        held = tuple(right for right in (_in_force(effective, a) for a in path.actions) if right is not None)
        if len(held) == len(path.actions) and not _is_own_login(effective, path):
            by_statements[_listed(_written(right) for right in held)].append((path, held))
    for statements, ways in by_statements.items():
        yield _ways_up(effective.principal, statements, ways)


def _is_own_login(effective: EffectivePolicy, path: Escalation) -> bool:
    """Whether SQL with a stored secret is no way up: clusters by name, with their own secrets.

    Who is given both has been given that database, and no user of any other.
    """
    statement, *others = path.actions
    if not statement.startswith("redshift-data:") or others != ["secretsmanager:GetSecretValue"]:
        return False
    clusters = [_name(right, "cluster:") for right in rights(effective, statement)]
    secrets = [_name(right, "secret:redshift!") for right in rights(effective, others[0])]
    return not any(has_wildcard(cluster) or not cluster for cluster in clusters) and all(
        any(secret.startswith(f"{cluster}-") for cluster in clusters) for secret in secrets
    )


def _name(right: Right, prefix: str) -> str:
    """Return the name in the ARN of a right; empty where it is no ARN of that type."""
    arn = parse_arn(right.resource)
    return arn.resource.removeprefix(prefix) if arn and arn.resource.startswith(prefix) else ""


def _ways_up(
    principal: Resource, statements: str, ways: list[tuple[Escalation, tuple[Right, ...]]]
) -> Judgement:
    """Return one finding for all ways that the same statements open."""
    path, held = ways[0]
    said = ", ".join(f"{right.action} on {right.resource} by {_written(right)}" for right in held)
    text = f"{principal.name} can reach {path.leads_to} ({path.name}): it holds {said}"
    if len(ways) == 1:
        return fails(principal, text, f"Take {path.actions[-1]} away, or give it to another principal.")
    fix = f"Name in {statements} only the actions that {principal.name} needs"
    if len(ways) == len(ESCALATIONS):
        return fails(principal, f"{text}. So does every other known way up, {len(ways)} in all", f"{fix}.")
    others = "; ".join(" + ".join(way.actions) for way, _ in ways[1:])
    return fails(
        principal,
        f"{text}. {statements} also opens: {others}",
        f"{fix}, without {_listed(way.actions[-1] for way, _ in ways)}.",
    )


def _written(right: Right) -> str:
    """Where a right was granted: the statement, and the resource that holds it."""
    return f"{right.statement.label} of {right.grant.holder.name}"


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))


def _in_force(effective: EffectivePolicy, action: str) -> Right | None:
    for right in rights(effective, action):
        if action == "kms:CreateGrant" and narrowed_by(right.statement, _FOR_A_RESOURCE) is Narrows.YES:
            continue
        return right
    return None


def _credentials(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    del graph
    wide = [r for action in CREDENTIALS for r in rights(effective, action) if _is_everything(r)]
    for holder, label, found in _by_statement(wide):
        actions = _listed(right.action for right in found)
        text = f"{label} lets {effective.principal.name} get credentials: {actions} on"
        yield fails(
            holder,
            f"{text} {_listed(right.resource for right in found)}",
            f"Name in {label} the secrets, parameters, users or roles that are meant.",
        )


def _by_statement(found: Iterable[Right]) -> Iterator[tuple[Resource, str, list[Right]]]:
    """Return rights by the resource and the statement that they were granted in."""
    grouped: dict[tuple[str, str], list[Right]] = {}
    for right in found:
        grouped.setdefault((right.grant.holder.urn, right.statement.label), []).append(right)
    for (_, label), group in grouped.items():
        yield group[0].grant.holder, label, group


def _is_everything(right: Right) -> bool:
    formats = [f for fact in expand(right.action) for f in fact.arn_formats]
    return right.resource == "*" or any(is_effectively_star(right.resource, f) for f in formats)


def _exfiltrates(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    buckets = [b for b in (bucket.at("bucket") for bucket in graph.of(Kind.BUCKET)) if isinstance(b, str)]
    reads = [right for action in DATA_READS for right in rights(effective, action)]
    if not reads:
        return
    ways = [right for action in EGRESS for right in rights(effective, action)]
    out = [right for right in ways if _leaves(right, buckets) and not _is_own_account(right)]
    for holder, label, found in _by_statement(out):
        actions, places = _listed(r.action for r in found), _listed(r.resource for r in found)
        text = (
            f"{effective.principal.name} can carry data out: it reads by {reads[0].action} on "
            f"{reads[0].resource} "
            f"and may {actions} on {places}, which takes in resources of any account"
        )
        yield fails(holder, text, f"Name the stack's own resources for {actions} in {label}.")


def _leaves(right: Right, buckets: list[str]) -> bool:
    if right.resource == "*":
        return True
    arn = parse_arn(right.resource)
    if arn is None:
        return True
    if arn.service == "s3":
        bucket = arn.resource.partition("/")[0]
        return bucket.strip("*?") == "" or ("*" in bucket and not any(covers(bucket, b) for b in buckets))
    return arn.account.strip("*") == ""


def _is_own_account(right: Right) -> bool:
    keys = ("aws:resourceaccount", "aws:resourceorgid", "s3:resourceaccount")
    return narrowed_by(right.statement, keys) is Narrows.YES


def _code_of_jobs(graph: Graph) -> tuple[tuple[Resource, str], ...]:
    """Return jobs with the `bucket/key` of the code that they run."""
    return tuple(
        (job, uri.removeprefix("s3://"))
        for job in graph.of(Kind.GLUE_JOB)
        for place in (
            job.at("command", "scriptLocation"),
            at(job.at("defaultArguments"), "--extra-py-files"),
        )
        if isinstance(place, str)
        for uri in place.split(",")
        if uri.startswith("s3://")
    )


def _writes_code(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    code: defaultdict[str, list[str]] = defaultdict(list)
    for job, path in graph.derived(_code_of_jobs):
        code[path].append(job.name)
    writing = list(rights(effective, "s3:PutObject")) if code else []
    for holder, label, found in _by_statement(writing):
        patterns = [_in_buckets(right.resource) for right in found]
        reached = [path for path in code if any(covers(pattern, path) for pattern in patterns)]
        if reached:
            jobs = _listed(job for path in reached for job in code[path])
            text = (
                f"{effective.principal.name} may write {_listed(f's3://{path}' for path in reached)}, "
                f"the code of job {jobs}, and so act under the job's role ({label} on "
                f"{_listed(right.resource for right in found)})"
            )
            yield fails(holder, text, f"Exclude the code's prefix from {label}.")


def _in_buckets(resource: str) -> str:
    """Return what an ARN pattern names within S3, as `bucket/key`."""
    arn = parse_arn(resource)
    return "*" if resource == "*" else arn.resource if arn is not None else ""


_PRINCIPALS = frozenset(
    {
        Kind.ROLE,
        Kind.ROLE_POLICY,
        Kind.MANAGED_POLICY,
        Kind.USER,
        Kind.USER_POLICY,
        Kind.GROUP,
        Kind.GROUP_POLICY,
    }
)

CONTROLS = (
    Control(
        id="DL-IAM-09",
        name="iam-privilege-escalation",
        title="No principal can make itself more than it is",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="Harmless actions add up: all policies that a principal holds are read together.",
        fix="Take one action of the path away.",
        judge=lambda graph: each_principal(graph, _escalates),
        kinds=_PRINCIPALS,
        anchors=("CKV_AWS_286", "CKV_AWS_110"),
    ),
    Control(
        id="DL-IAM-10",
        name="iam-credentials-exposure",
        title="Nobody can ask for every secret, parameter or role",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="An action that answers with a credential is worth what the credential is worth.",
        fix="Name the secrets, parameters and roles.",
        judge=lambda graph: each_principal(graph, _credentials),
        kinds=_PRINCIPALS,
        anchors=("CKV_AWS_287", "CKV_AWS_107"),
    ),
    Control(
        id="DL-IAM-11",
        name="iam-data-exfiltration",
        title="Nobody who reads data may write where the stack does not reach",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Reading and a way out, in one role, is all that a theft takes.",
        fix="Name the stack's own buckets, topics and queues, or add aws:ResourceAccount.",
        judge=lambda graph: each_principal(graph, _exfiltrates),
        kinds=_PRINCIPALS | {Kind.BUCKET},
        anchors=("CKV_AWS_288", "CKV_AWS_108"),
    ),
    Control(
        id="DL-IAM-12",
        name="iam-no-code-writes",
        title="Nobody may write the code that jobs run",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="Whoever writes the script of a job has the job's role on its next run.",
        fix="Keep scripts and packages under a prefix that only the deployment writes.",
        judge=lambda graph: each_principal(graph, _writes_code),
        kinds=_PRINCIPALS | {Kind.GLUE_JOB},
    ),
)
