"""Why some mutants survive: breaks that break nothing, and breaks that no control sees."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """Why mutants survive.

    Args:
        kind: Kind of the resource.
        places: Beginnings of the places that are meant.
        operators: How they are broken; all ways where empty.
        text: The reason.
        harmless: Whether the mutant is no worse than the original, so that nothing should be said of it.

    """

    kind: str
    places: tuple[str, ...]
    operators: tuple[str, ...]
    text: str
    harmless: bool = True


_REQUIRED = "the provider refuses the resource without it"
_DEFAULT = "what AWS assumes then is as safe"
_OWN = "changes what runs, opens nothing"
_DANGLING = "leads nowhere: the deployment itself fails"
_BOUNDED = "the conditions that stay keep it inside the account and its services"
_NARROWER = "grants less than before"
_REMOVED = ("removed",)
_AWAY = ("pointed elsewhere", "removed")


def _harmless(kind: str, places: tuple[str, ...], operators: tuple[str, ...], text: str) -> Reason:
    return Reason(kind, places, operators, text)


def _unseen(kind: str, places: tuple[str, ...], operators: tuple[str, ...], text: str) -> Reason:
    return Reason(kind, places, operators, f"no control asks for it: {text}", harmless=False)


_REASONS = (
    _harmless("athena.workgroup", ("configuration.enforce", "configuration.publish"), _REMOVED, _DEFAULT),
    _harmless("athena.workgroup", ("configuration.requesterPays",), _REMOVED, _DEFAULT),
    _unseen("athena.workgroup", ("configuration.result",), _AWAY, "a result bucket outside the stack"),
    _harmless("events.rule", ("eventPattern", "scheduleExpression"), _REMOVED, _REQUIRED),
    _harmless("events.target", ("arn", "rule", "targetId"), _AWAY, _DANGLING),
    _harmless("events.target", ("roleArn",), _AWAY, _DANGLING),
    _unseen("glue.catalog-encryption", ("(resource)",), _REMOVED, "a catalog without encryption settings"),
    _harmless("glue.catalog-encryption", ("catalogId",), _REMOVED, "the account's own catalog is meant then"),
    _harmless("glue.crawler", ("role", "databaseName", "catalogTargets", "name"), _AWAY, _DANGLING),
    _harmless("glue.crawler", ("configuration", "description", "recrawlPolicy"), _REMOVED, _OWN),
    _harmless("glue.database", ("locationUri",), _REMOVED, "tables name locations of their own"),
    _harmless("glue.job", ("command", "roleArn", "name"), _AWAY, _DANGLING),
    _harmless("glue.job", ("defaultArguments.",), ("removed", "pointed elsewhere", "weakened"), _OWN),
    _harmless("glue.job", ("execution", "maxRetries", "workerType", "notification"), _REMOVED, _DEFAULT),
    _harmless("glue.job", ("description",), _REMOVED, _OWN),
    _harmless("glue.trigger", ("actions", "type", "predicate", "name", "workflowName"), _AWAY, _REQUIRED),
    _harmless(
        "iam.role", ("assumeRolePolicy",), ("action to *",), "a trust policy admits nothing but assuming"
    ),
    _harmless(
        "iam.role",
        ("assumeRolePolicy",),
        ("aws:SourceAccount dropped", "aws:SourceArn dropped"),
        "the other of the two keeps other accounts out",
    ),
    _unseen(
        "iam.role-policy",
        ("policy Allow Use",),
        ("kms:ViaService dropped",),
        "use of a key without the service it is for",
    ),
    _harmless("iam.role-policy", ("name",), _AWAY, "a label"),
    _harmless("iam.role-policy", ("role",), _AWAY, _NARROWER),
    _harmless(
        "iam.role-policy",
        ("policy Allow UseCatalogKey", "policy Allow UseDataKey"),
        ("resource to *",),
        "keys are chosen by alias in the conditions, and their policies admit this account alone",
    ),
    _unseen(
        "iam.role-policy",
        ("policy Allow List", "policy Allow TellAbsence"),
        ("conditions dropped",),
        "listing names outside the role's prefixes",
    ),
    _harmless("kms.alias", ("targetKeyId",), _AWAY, _DANGLING),
    _harmless("kms.key", ("deletionWindowInDays", "isEnabled", "keyUsage"), _REMOVED, _DEFAULT),
    _harmless("kms.key", ("description",), _REMOVED, "a label"),
    _harmless(
        "kms.key",
        ("policy Allow AdministeredByAccount",),
        ("action to *", "action to service:*"),
        "it holds kms:PutKeyPolicy, with which the account gives itself the rest",
    ),
    _harmless(
        "kms.key",
        ("policy Allow UsedThroughServices", "policy Allow EncryptsLogGroups"),
        ("action to *", "action to service:*", "principal to *"),
        _BOUNDED,
    ),
    _unseen("kms.key", ("policy Allow",), ("principal to another account",), "a key of another account's"),
    _unseen(
        "kms.key",
        ("policy Allow UsedThroughServices",),
        ("conditions dropped", "kms:ViaService dropped"),
        "use of a key without the service it is for",
    ),
    _harmless(
        "kms.key",
        ("policy Allow UsedThroughServices",),
        ("kms:CallerAccount dropped",),
        "the principal is the account itself",
    ),
    _unseen("lakeformation.location", ("roleArn",), ("pointed elsewhere",), "a role outside the stack"),
    _harmless("lakeformation.permissions", ("dataLocation", "database", "table"), _AWAY, _DANGLING),
    _harmless("lakeformation.permissions", ("table.wildcard",), ("flipped",), _NARROWER),
    _harmless("lakeformation.permissions", ("permissions", "principal"), _REMOVED, _REQUIRED),
    _harmless("lakeformation.permissions", ("principal",), ("pointed elsewhere",), _DANGLING),
    _harmless("lakeformation.settings", ("allow",), _REMOVED, _DEFAULT),
    _harmless("lakeformation.settings", ("catalogId", "parameters"), _REMOVED, _DEFAULT),
    _unseen("lakeformation.settings", ("admins", "(resource)"), _REMOVED, "a lake without administrators"),
    _harmless("s3.bucket", ("forceDestroy",), _REMOVED, _DEFAULT),
    _unseen("s3.bucket", ("website", "acl"), ("opened",), "public forms of a bucket that the block refuses"),
    _harmless("s3.bucket-encryption", ("rules",), _REMOVED, "on the log bucket, AES256 is AWS's default"),
    _harmless("s3.bucket-lifecycle", ("rules.[].id",), _AWAY, "a label"),
    _harmless("s3.bucket-lifecycle", ("rules.[].filter",), _AWAY, "the rule then holds for the whole bucket"),
    _harmless("s3.bucket-lifecycle", ("bucket",), _AWAY, _DANGLING),
    _harmless("s3.bucket-lifecycle", ("rules.[].status",), _REMOVED, _REQUIRED),
    _unseen("s3.bucket-lifecycle", ("rules.[]",), ("removed", "weakened", "flipped"), "one rule of several"),
    _unseen("s3.bucket-logging", ("targetBucket", "targetPrefix"), _AWAY, "where access logs lie"),
    _harmless("s3.bucket-notification", ("bucket", "eventbridge"), ("removed", "pointed elsewhere"), _OWN),
    _harmless("s3.bucket-notification", ("eventbridge",), ("flipped",), _OWN),
    _harmless(
        "s3.bucket-policy",
        ("policy Allow TakesAccessLogs",),
        ("principal to *", "resource to *"),
        "only the log service sends the source conditions, and only for this bucket",
    ),
    _harmless(
        "s3.bucket-policy",
        ("policy Allow TakesAccessLogs",),
        ("aws:SourceAccount dropped", "aws:SourceArn dropped"),
        "the other of the two keeps other accounts out",
    ),
    _unseen(
        "s3.bucket-policy",
        ("policy Allow TakesAccessLogs",),
        ("action to *", "action to service:*", "principal to another account"),
        "what a log-taking statement lets besides",
    ),
    _unseen("s3.bucket-policy", ("policy Deny DenyClientKeys",), (), "keys of the client's own (SSE-C)"),
    _unseen(
        "s3.bucket-policy",
        ("policy Deny DenyForeignKeys", "policy Deny DenyOtherEncryption"),
        ("resource narrowed",),
        "a Deny that speaks of another bucket's objects",
    ),
    _harmless("s3.object", ("kmsKeyId", "serverSideEncryption"), _REMOVED, "the bucket's default holds then"),
    *(
        _harmless(kind, ("tags.",), ("removed",), "not one of the tags that are asked for")
        for kind in ("glue.crawler", "glue.job", "kms.key")
    ),
)


def reason_of(kind: str, place: str, operator: str) -> Reason | None:
    """Why mutants of a line of the table may survive; `None` where nobody has said."""
    for reason in _REASONS:
        meant = reason.kind == kind and place.startswith(reason.places)
        if meant and operator in (reason.operators or (operator,)):
            return reason
    return None
