"""What roles name against what the stack has: ARNs of strangers and of nothing, code that jobs must read."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle
from policies.controls.iam_escalation import each_principal
from policies.graph.accounts import home_account
from policies.graph.arns import covers, has_wildcard, parse_arn
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import EffectivePolicy, identities
from policies.graph.rights import is_readable, rights

_READ = "s3:GetObject"
# Types whose every resource that a role needs is in the stack: service, prefix of the resource → kind.
_RESOLVED: dict[tuple[str, str], Kind] = {
    ("s3", ""): Kind.BUCKET,
    ("glue", "job/"): Kind.GLUE_JOB,
    ("glue", "crawler/"): Kind.GLUE_CRAWLER,
    ("glue", "workflow/"): Kind.GLUE_WORKFLOW,
    ("glue", "database/"): Kind.GLUE_DATABASE,
    ("athena", "workgroup/"): Kind.ATHENA_WORKGROUP,
    ("sns", ""): Kind.TOPIC,
    ("sqs", ""): Kind.QUEUE,
}
# Catalog entries that AWS owns, and buckets of AWS itself.
_ALLOWED = ("default", "aws-glue-", "global_temp", "information_schema")


def _resolves(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    for grant in effective.grants:
        for statement in (s for s in grant.document.statements if s.allows):
            for resource in statement.known(statement.resources):
                missing = _dangling(graph, resource)
                if missing:
                    text = f"{statement.label} of {effective.principal.name} names {resource}: {missing}"
                    yield fails(
                        grant.holder, text, "Correct the name, or remove the resource from the statement."
                    )


def _dangling(graph: Graph, resource: str) -> str:
    arn = parse_arn(resource)
    if arn is None:
        return ""
    home = graph.derived(home_account)
    if arn.account.isdigit() and home is not None and arn.account != home:
        return f"account {arn.account} is not the stack's own, {home}"
    for (service, prefix), kind in _RESOLVED.items():
        if arn.service != service or not arn.resource.startswith(prefix) or not graph.of(kind):
            continue
        name = arn.resource.removeprefix(prefix).partition("/")[0]
        if has_wildcard(name) or not name or name.startswith(_ALLOWED):
            return ""
        known = graph.derived(_names)[kind]
        if known is None or name in known:
            return ""
        return f"the stack has no such {kind.value.partition('.')[2]}"
    return ""


def _names(graph: Graph) -> dict[Kind, frozenset[str] | None]:
    """Return the names of the stack's resources of each kind; None where one of them is not known."""
    found: dict[Kind, frozenset[str] | None] = {}
    for kind in _RESOLVED.values():
        names = [r.at("bucket" if kind is Kind.BUCKET else "name") for r in graph.of(kind)]
        known = frozenset(name for name in names if isinstance(name, str))
        found[kind] = known if all(isinstance(name, str) for name in names) else None
    return found


def _needs(graph: Graph) -> Iterator[Judgement]:
    """Judge whether the role of each job may read the code that the job runs."""
    found = graph.derived(identities)
    for job in graph.of(Kind.GLUE_JOB):
        role = graph.follow(job, "roleArn", Kind.ROLE).target
        script = job.at("command", "scriptLocation")
        if role is None or not isinstance(script, str) or not script.startswith("s3://"):
            continue
        effective = found.effective[role.urn]
        if not effective.grants or not is_readable(effective):
            continue
        yield from settle(job, _missing(effective, job, script.removeprefix("s3://")))


def _missing(effective: EffectivePolicy, job: Resource, path: str) -> Iterator[Judgement]:
    read = (parse_arn(right.resource) for right in rights(effective, _READ))
    if not any(arn is not None and covers(arn.resource, path) for arn in read):
        text = f"its role {effective.principal.name} may not read its script s3://{path}: it cannot start"
        yield fails(job, text, f"Allow s3:GetObject on arn:aws:s3:::{path}.")


_DOCUMENTS = frozenset({Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY})

CONTROLS = (
    Control(
        id="DL-IAM-13",
        name="iam-role-vs-stack-arns",
        title="Every ARN that a policy names is one of the stack's own",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A name that nobody has is a misspelling, or one that a stranger can take: bucket names "
        "are global.",
        fix="Correct the name, or remove it.",
        judge=lambda graph: each_principal(graph, _resolves),
        kinds=_DOCUMENTS | set(_RESOLVED.values()),
    ),
    Control(
        id="DL-IAM-15",
        name="iam-job-can-start",
        title="Roles of jobs may read the code of their jobs",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="A job whose role cannot read its script fails on its first run, not at deployment.",
        fix="Allow s3:GetObject on the script's ARN.",
        judge=_needs,
        kinds=_DOCUMENTS | {Kind.GLUE_JOB},
    ),
)
