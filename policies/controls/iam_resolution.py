"""What roles name against what the stack has: strangers' ARNs, keys of the buckets read, needs of jobs."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle
from policies.controls.iam_escalation import each_principal
from policies.graph.accounts import home_account
from policies.graph.arns import covers, has_wildcard, parse_arn
from policies.graph.buckets import Bucket, find_buckets
from policies.graph.documents import Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import EffectivePolicy, identities
from policies.graph.rights import is_readable, rights
from policies.graph.values import Unknown, at, items

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
        known = [r.at("bucket" if kind is Kind.BUCKET else "name") for r in graph.of(kind)]
        if any(isinstance(k, Unknown) or k is None for k in known) or name in known:
            return ""
        return f"the stack has no such {kind.value.partition('.')[2]}"
    return ""


def _pairs(graph: Graph, effective: EffectivePolicy) -> Iterator[Judgement]:
    if not is_readable(effective):
        return
    for bucket in graph.derived(find_buckets):
        keys = _keys_of(graph, bucket)
        if not keys or not isinstance(bucket.name, str):
            continue
        reading = next((r for r in rights(effective, _READ) if _is_in(r.resource, bucket.name)), None)
        if reading is None:
            continue
        decrypts = list(rights(effective, "kms:Decrypt"))
        if not any(_opens(graph, r.statement, r.resource, keys) for r in decrypts):
            names = " or ".join(sorted(key.name for key in keys))
            text = (
                f"{reading.statement.label} lets {effective.principal.name} read bucket "
                f"'{bucket.label}', but "
                f"nothing lets it decrypt with {names}: every read is refused"
            )
            fix = f"Allow kms:Decrypt on key {names}, with kms:ViaService s3.<region>.amazonaws.com."
            yield fails(reading.grant.holder, text, fix)


def _is_in(resource: str, bucket: str) -> bool:
    arn = parse_arn(resource)
    return arn is not None and arn.service == "s3" and arn.resource.partition("/")[0] == bucket


def _keys_of(graph: Graph, bucket: Bucket) -> tuple[Resource, ...]:
    found: dict[str, Resource] = {}
    for declaration in bucket.declarations(Kind.BUCKET_ENCRYPTION):
        for rule in items(declaration.block):
            key = at(rule, "applyServerSideEncryptionByDefault", "kmsMasterKeyId")
            target = graph.follow(declaration.holder, declaration.prop, Kind.KMS_KEY, value=key).target
            if target is not None:
                found[target.urn] = target
    return tuple(found.values())


def _opens(graph: Graph, statement: Statement, resource: str, keys: tuple[Resource, ...]) -> bool:
    """Whether a right to decrypt reaches one of some keys: by ARN, or by its alias as a condition."""
    aliases = [c for c in statement.conditions if c.key in ("kms:resourcealiases", "kms:requestalias")]
    for key in keys:
        arn = key.at("arn")
        if isinstance(arn, str) and not covers(resource, arn):
            continue
        if not isinstance(arn, str) and not resource.endswith(("*", "key/*")):
            return True
        names = [alias.at("name") for alias in graph.derived(_aliases).get(key.urn, ())]
        wanted = [value for c in aliases for value in c.values]
        if not wanted or not names or any(isinstance(n, Unknown) for n in names):
            return True
        if any(isinstance(w, Unknown) or covers(str(w), str(n)) for w in wanted for n in names):
            return True
    return False


def _aliases(graph: Graph) -> dict[str, list[Resource]]:
    """Return the aliases of the stack's keys, by the key's URN."""
    found: dict[str, list[Resource]] = {}
    for alias in graph.of(Kind.KMS_ALIAS):
        key = graph.follow(alias, "targetKeyId", Kind.KMS_KEY).target
        if key is not None:
            found.setdefault(key.urn, []).append(alias)
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


def _beyond_needs(graph: Graph) -> Iterator[Judgement]:
    """Judge what the roles of jobs and crawlers may change besides data, catalog, logs and metrics."""
    found = graph.derived(identities)
    for kind, prop in ((Kind.GLUE_JOB, "roleArn"), (Kind.GLUE_CRAWLER, "role")):
        for worker in graph.of(kind):
            role = graph.follow(worker, prop, Kind.ROLE).target
            if role is not None:
                yield from settle(role, _extra(found.effective[role.urn], worker))


_WORKING = (
    "s3",
    "glue",
    "kms",
    "logs",
    "cloudwatch",
    "lakeformation",
    "ec2",
    "secretsmanager",
    "redshift-data",
    "sts",
)
# What a job that watches the age of backups looks at; it changes nothing.
_WATCHING = ("redshift:describeclusters", "redshift:describeclustersnapshots")
_NEVER = tuple(
    action.lower()
    for action in (
        "glue:CreateJob",
        "glue:UpdateJob",
        "glue:DeleteJob",
        "glue:DeleteDatabase",
        "glue:DeleteTable",
        "glue:PutDataCatalogEncryptionSettings",
        "glue:DeleteSecurityConfiguration",
        "s3:DeleteBucket",
        "s3:PutBucketPolicy",
        "s3:PutLifecycleConfiguration",
        "s3:PutBucketVersioning",
        "s3:DeleteObjectVersion",
        "kms:ScheduleKeyDeletion",
        "kms:DisableKey",
        "logs:DeleteLogGroup",
        "logs:PutRetentionPolicy",
    )
)


def _extra(effective: EffectivePolicy, worker: Resource) -> Iterator[Judgement]:
    for grant in effective.grants:
        for statement in (s for s in grant.document.statements if s.allows):
            known = statement.known(statement.actions)
            strange = [
                action
                for action in known
                if action.partition(":")[0].lower() not in _WORKING and action.lower() not in _WATCHING
            ]
            harmful = [a for a in known if a.lower() in _NEVER]
            keep = [a for a in known if a not in strange and a not in harmful]
            for action in [*strange, *harmful]:
                text = f"{statement.label} lets {worker.name} {action}, which no job or crawler needs"
                narrowed = (
                    f'Narrow {statement.label} to "Action": {keep}.' if keep else f"Drop {statement.label}."
                )
                yield fails(grant.holder, text, narrowed.replace("'", '"'))


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
        id="DL-IAM-14",
        name="iam-decrypt-pairs-key",
        title="Whoever may read an encrypted bucket may decrypt with its key",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A read without the key is refused at run time; a key without the read is a right left over.",
        fix="Allow kms:Decrypt on the bucket's key, with kms:ViaService.",
        judge=lambda graph: each_principal(graph, _pairs),
        kinds=_DOCUMENTS | {Kind.BUCKET, Kind.BUCKET_ENCRYPTION, Kind.KMS_KEY, Kind.KMS_ALIAS},
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
    Control(
        id="DL-IAM-16",
        name="iam-role-beyond-need",
        title="Roles of jobs and crawlers change nothing that jobs and crawlers do not change",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="What the graph shows no need for is what a bug, or an intruder in the job, will use.",
        fix="Drop the actions.",
        judge=_beyond_needs,
        kinds=_DOCUMENTS | {Kind.GLUE_JOB, Kind.GLUE_CRAWLER},
    ),
)
