"""What a principal can make of all its policies together: more rights, credentials, a way out for data."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
from policies.graph.arns import covers, parse_arn
from policies.graph.conditions import Narrows, narrowed_by
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import EffectivePolicy, identities
from policies.graph.rights import Right, is_readable, rights
from policies.graph.values import at
from policies.iam.escalations import CREDENTIALS, DATA_READS, EGRESS, ESCALATIONS
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
    for path in ESCALATIONS:
        held = [_in_force(effective, action) for action in path.actions]
        if all(right is not None for right in held):
            said = ", ".join(
                f"{r.action} on {r.resource} by {r.statement.label}" for r in held if r is not None
            )
            text = f"{effective.principal.name} can reach {path.leads_to} ({path.name}): it holds {said}"
            weakest = path.actions[0] if len(path.actions) == 1 else path.actions[-1]
            yield fails(effective.principal, text, f"Take {weakest} away, or give it to another principal.")


def _in_force(effective: EffectivePolicy, action: str) -> Right | None:
    for right in rights(effective, action):
        if action == "kms:CreateGrant" and narrowed_by(right.statement, _FOR_A_RESOURCE) is Narrows.YES:
            continue
        return right
    return None


def _credentials(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    del graph
    for action in CREDENTIALS:
        for right in rights(effective, action):
            if _is_everything(right):
                text = f"{right.statement.label} lets {effective.principal.name} get credentials: {action} on"
                yield fails(
                    right.grant.holder, f"{text} {right.resource}", f"Name what {action} may be asked for."
                )


def _is_everything(right: Right) -> bool:
    formats = [f for fact in expand(right.action) for f in fact.arn_formats]
    return right.resource == "*" or any(is_effectively_star(right.resource, f) for f in formats)


def _exfiltrates(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    buckets = [b for b in (bucket.at("bucket") for bucket in graph.of(Kind.BUCKET)) if isinstance(b, str)]
    reads = [right for action in DATA_READS for right in rights(effective, action)]
    if not reads:
        return
    for action in EGRESS:
        for right in rights(effective, action):
            if _leaves(right, buckets) and not _is_own_account(right):
                read = reads[0]
                text = (
                    f"{effective.principal.name} can carry data out: it reads by {read.action} on "
                    f"{read.resource} "
                    f"and may {action} on {right.resource}, which takes in resources of any account"
                )
                fix = f"Name the stack's own resources for {action} in {right.statement.label}."
                yield fails(right.grant.holder, text, fix)


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


def _code_of_jobs(graph: Graph) -> Iterator[tuple[Resource, str]]:
    """Return jobs with the `bucket/key` of the code that they run."""
    for job in graph.of(Kind.GLUE_JOB):
        places = [job.at("command", "scriptLocation"), at(job.at("defaultArguments"), "--extra-py-files")]
        for place in places:
            if isinstance(place, str):
                for uri in place.split(","):
                    if uri.startswith("s3://"):
                        yield job, uri.removeprefix("s3://")


def _writes_code(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    for job, path in _code_of_jobs(graph):
        for right in rights(effective, "s3:PutObject"):
            arn = parse_arn(right.resource)
            pattern = "*" if right.resource == "*" else arn.resource if arn is not None else ""
            if covers(pattern, path):
                text = (
                    f"{effective.principal.name} may write s3://{path}, the code of job {job.name}: "
                    "whoever is it"
                )
                yield fails(
                    right.grant.holder,
                    f"{text} has the job's role ({right.statement.label} on {right.resource})",
                    f"Exclude the code's prefix from {right.statement.label}.",
                )


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
