"""Why some mutants survive: the breaks that break nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """Why mutants survive.

    Args:
        kind: Kind of the resource.
        places: Beginnings of the places that are meant.
        operators: How they are broken; all ways where empty.
        text: Why the mutant is no worse than the original, so that nothing should be said of it.

    """

    kind: str
    places: tuple[str, ...]
    operators: tuple[str, ...]
    text: str


_DEFAULT = "what AWS assumes then is the same, or as safe"
_OTHER = "the other of the two keeps other accounts out"
_NARROWER = "grants less than before"
_KEY_SIDE = "the key's own policy, which has to agree, lets the account use it through services only"
_CHOSEN = "keys are chosen by alias in the conditions, and their policies admit this account alone"
_CODE = "an argument of the job's own code: its role bounds what it reaches"
_LABEL = "a label"
_ACCOUNT = "the account's own is meant then"
_REMOVED = ("removed",)
_ONE_OF_TWO = ("aws:SourceAccount dropped", "aws:SourceArn dropped")


def _harmless(kind: str, places: tuple[str, ...], operators: tuple[str, ...], text: str) -> Reason:
    return Reason(kind, places, operators, text)


REASONS = (
    _harmless(
        "athena.workgroup",
        ("configuration.enforce", "configuration.publish", "configuration.requesterPays"),
        _REMOVED,
        _DEFAULT,
    ),
    _harmless("cloudtrail.trail", ("enableLogging", "includeGlobalServiceEvents"), _REMOVED, _DEFAULT),
    _harmless("cloudwatch.metric-alarm", ("actionsEnabled",), _REMOVED, _DEFAULT),
    _harmless(
        "ec2.default-security-group",
        ("egress", "ingress"),
        _REMOVED,
        "the provider takes every rule out of the default group, and puts back those that are given",
    ),
    _harmless("ec2.flow-log", ("logDestinationType",), _REMOVED, _DEFAULT),
    _harmless("ec2.subnet", ("mapPublicIpOnLaunch",), _REMOVED, _DEFAULT),
    _harmless("ec2.vpc-endpoint", ("vpcEndpointType",), _REMOVED, "a gateway is AWS's default"),
    _harmless(
        "ec2.vpc-endpoint",
        ("policy Allow FindObjects", "policy Allow UseObjects"),
        ("aws:ResourceAccount dropped",),
        "the statement names the stack's own buckets",
    ),
    _harmless(
        "ec2.vpc-endpoint",
        ("policy Allow FindObjects", "policy Allow UseObjects"),
        ("resource to *",),
        "aws:ResourceAccount, which stays, keeps it inside the account",
    ),
    _harmless("events.rule", ("state",), _REMOVED, _DEFAULT),
    _harmless("events.target", ("targetId",), _REMOVED, _LABEL),
    _harmless("glue.catalog-encryption", ("catalogId",), _REMOVED, _ACCOUNT),
    _harmless(
        "glue.crawler", ("databaseName",), _REMOVED, "it is for tables that a crawler makes; these compare"
    ),
    _harmless("glue.database", ("locationUri",), _REMOVED, "tables name locations of their own"),
    _harmless("glue.job", ("command.name",), _REMOVED, "glueetl is the default"),
    _harmless("glue.job", ("defaultArguments.",), ("removed", "pointed elsewhere", "weakened"), _CODE),
    _harmless("glue.job", ("execution", "maxRetries"), _REMOVED, _DEFAULT),
    _harmless("iam.role", ("assumeRolePolicy",), _ONE_OF_TWO, _OTHER),
    _harmless("iam.role", ("maxSessionDuration",), _REMOVED, "an hour is the default and the least"),
    _harmless("iam.role-policy", ("name",), ("pointed elsewhere", "removed"), _LABEL),
    _harmless("iam.role-policy", ("policy Allow Use",), ("kms:ViaService dropped",), _KEY_SIDE),
    _harmless("iam.role-policy", ("policy Allow Use",), ("resource to *",), _CHOSEN),
    _harmless(
        "iam.role-policy",
        ("policy Allow DecryptSource", "policy Allow EncryptReplicas"),
        (
            "kms:EncryptionContext:aws:s3:arn dropped",
            "kms:ResourceAliases dropped",
            "kms:ViaService dropped",
            "resource to *",
        ),
        "the conditions that stay (alias, encryption context, service) still name the one bucket's key",
    ),
    _harmless(
        "iam.role-policy",
        ("policy Allow ConnectToSubnets", "policy Allow EnterSubnets", "policy Allow LookAtNetwork"),
        ("resource to *",),
        "the tag, which has to be there, leaves the project's own networks, subnets and groups",
    ),
    _harmless(
        "iam.role-policy",
        ("policy Allow MakeInterfaces",),
        ("conditions dropped",),
        "an interface is made in a subnet, for which EnterSubnets still asks the tag",
    ),
    _harmless("kms.key", ("deletionWindowInDays", "isEnabled"), _REMOVED, _DEFAULT),
    _harmless(
        "kms.key",
        ("policy Allow UsedThroughServices", "policy Allow LentToServices"),
        ("kms:CallerAccount dropped",),
        "the principal is the account itself",
    ),
    _harmless(
        "kms.key",
        ("policy Allow LentToServices",),
        ("action to *", "action to service:*"),
        "kms:GrantIsForAWSResource comes with grants only, so that no other action meets the condition",
    ),
    _harmless(
        "kms.key",
        ("policy Allow LentToServices",),
        ("kms:ViaService dropped",),
        "kms:GrantIsForAWSResource, which stays, leaves grants to AWS's own services",
    ),
    *(
        _harmless("lakeformation.permissions", (f"{block}.catalogId",), _REMOVED, _ACCOUNT)
        for block in ("dataLocation", "database", "table")
    ),
    _harmless("lakeformation.permissions", ("table.wildcard",), ("flipped",), _NARROWER),
    _harmless("lakeformation.settings", ("allow",), _REMOVED, _DEFAULT),
    _harmless("quicksight.asset", ("permissions",), _REMOVED, _NARROWER),
    _harmless("quicksight.data-source", ("permissions",), _REMOVED, _NARROWER),
    _harmless("quicksight.data-source", ("sslProperties",), _REMOVED, _DEFAULT),
    _harmless("quicksight.group", ("awsAccountId", "namespace"), _REMOVED, _ACCOUNT),
    _harmless("quicksight.group", ("description",), _REMOVED, _LABEL),
    _harmless("redshift.cluster", ("allowVersionUpgrade", "skipFinalSnapshot"), _REMOVED, _DEFAULT),
    _harmless("redshift.cluster", ("iamRoles",), _REMOVED, _NARROWER),
    _harmless(
        "redshift.parameter-group", ("parameters.[].value",), ("weakened",), "auto_analyze: slower, not open"
    ),
    _harmless("redshift.snapshot-copy", ("manualSnapshotRetentionPeriod",), _REMOVED, "kept for ever then"),
    _harmless(
        "redshift.snapshot-copy",
        ("retentionPeriod",),
        _REMOVED,
        "a week, the default, is the least asked for",
    ),
    _harmless("s3.bucket", ("forceDestroy",), _REMOVED, _DEFAULT),
    _harmless("s3.bucket-encryption", ("rules",), _REMOVED, "on log buckets, AES256 is AWS's default"),
    _harmless(
        "s3.bucket-lifecycle",
        ("rules.[].filter",),
        _REMOVED,
        "rules that end old versions and unfinished uploads only: those of other prefixes end no later",
    ),
    _harmless("s3.bucket-policy", ("policy Allow Takes",), _ONE_OF_TWO, _OTHER),
    _harmless(
        "s3.bucket-policy",
        ("policy Allow TakesTrail",),
        ("s3:x-amz-acl dropped",),
        "under BucketOwnerEnforced ACLs mean nothing",
    ),
    _harmless(
        "s3.bucket-replication",
        ("rules.[].filter",),
        _REMOVED,
        "copies more, into the same encrypted replica",
    ),
    _harmless("s3.object", ("kmsKeyId", "serverSideEncryption"), _REMOVED, "the bucket's default holds then"),
    _harmless("scheduler.schedule", ("target.retryPolicy",), _REMOVED, "AWS retries for a day by default"),
    _harmless("sns.topic-policy", ("policy Allow PublishedBy",), _ONE_OF_TWO, _OTHER),
)


def reason_of(kind: str, place: str, operator: str) -> Reason | None:
    """Why mutants of a line of the table may survive; `None` where nobody has said."""
    for reason in REASONS:
        meant = reason.kind == kind and place.startswith(reason.places)
        if meant and operator in (reason.operators or (operator,)):
            return reason
    return None
