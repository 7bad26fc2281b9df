"""Athena: metrics, scan limits, owners of result buckets, encrypted databases."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.settings import at_least, both, each, given, off, on, setting
from policies.graph.accounts import home_account
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown

_CONFIGURATION = "configuration"
_RESULTS = (_CONFIGURATION, "resultConfiguration")
# The least that AWS takes: https://docs.aws.amazon.com/athena/latest/APIReference/API_WorkGroupConfiguration.html
_LEAST_CUTOFF = 10_000_000


def _owner(graph: Graph, workgroup: Resource) -> Iterator[Judgement]:
    owner = setting(workgroup, *_RESULTS, "expectedBucketOwner")
    home = graph.derived(home_account)
    if isinstance(owner, Unknown):
        yield unverified(workgroup, "expectedBucketOwner is not known yet")
    elif not owner:
        yield fails(
            workgroup, "would write results to a stranger's bucket of the same name: no expectedBucketOwner"
        )
    elif home is not None and owner != home:
        yield fails(workgroup, f"expects the bucket of account {owner}, not of {home}")


def _database_key(graph: Graph, database: Resource) -> Iterator[Judgement]:
    option = setting(database, "encryptionConfiguration", "encryptionOption")
    if isinstance(option, Unknown):
        yield unverified(database, "encryptionOption is not known yet")
        return
    key = setting(database, "encryptionConfiguration", "kmsKey")
    use = key_use(graph, database, "encryptionConfiguration", key)
    if option not in ("SSE_KMS", "CSE_KMS"):
        yield fails(database, f"is created with {option or 'no encryption'}, not SSE_KMS")
    elif use is KeyUse.UNKNOWN:
        yield unverified(database, "kmsKey is not known yet and leads to no key of the stack")
    elif use is not KeyUse.CUSTOMER:
        yield fails(database, "names no customer key: kmsKey")


_WORKGROUP = frozenset({Kind.ATHENA_WORKGROUP})
_DATABASE = frozenset({Kind.ATHENA_DATABASE})

CONTROLS = (
    Control(
        id="DL-ATH-04",
        name="athena-wg-metrics",
        title="Workgroups publish their metrics",
        severity=Severity.LOW,
        category=Category.AUDIT,
        why="Without them nobody sees who scans how much, and no alarm can.",
        fix="Set configuration.publishCloudwatchMetricsEnabled to true.",
        judge=each(
            on("nothing is measured", _CONFIGURATION, "publishCloudwatchMetricsEnabled", default=True),
            Kind.ATHENA_WORKGROUP,
        ),
        kinds=_WORKGROUP,
        alone=_WORKGROUP,
        anchors=("Athena.4",),
    ),
    Control(
        id="DL-ATH-05",
        name="athena-wg-scan-limit",
        title="Workgroups cap what one query may scan",
        severity=Severity.MEDIUM,
        category=Category.COST,
        why="One query without a partition filter scans, and bills, the whole lake.",
        fix="Set configuration.bytesScannedCutoffPerQuery (bytes, at least 10,000,000).",
        judge=each(
            at_least(_LEAST_CUTOFF, "no limit that AWS takes", _CONFIGURATION, "bytesScannedCutoffPerQuery"),
            Kind.ATHENA_WORKGROUP,
        ),
        kinds=_WORKGROUP,
        alone=_WORKGROUP,
    ),
    Control(
        id="DL-ATH-06",
        name="athena-wg-bucket-owner",
        title="Workgroups check whose bucket they write results to, and pay for no other's",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A bucket that was deleted can be taken by a stranger, who then gets the results.",
        fix="Set resultConfiguration.expectedBucketOwner to the account, and requesterPaysEnabled to false.",
        judge=each(
            both(_owner, off("queries pay for strangers' buckets", _CONFIGURATION, "requesterPaysEnabled")),
            Kind.ATHENA_WORKGROUP,
        ),
        kinds=_WORKGROUP,
    ),
    Control(
        id="DL-ATH-07",
        name="athena-db-encrypted",
        title="Databases made through Athena encrypt under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="The results of the statements that make it lie in the bucket like any other.",
        fix="Set encryptionConfiguration to SSE_KMS with kmsKey.",
        judge=each(_database_key, Kind.ATHENA_DATABASE),
        kinds=_DATABASE,
        alone=_DATABASE,
        anchors=("CKV_AWS_77",),
    ),
    Control(
        id="DL-ATH-08",
        name="athena-described",
        title="Workgroups say whom they are for",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="Clients choose a workgroup, and with it limits and place of results, by what they read there.",
        fix="Set description.",
        judge=each(given("nobody can tell whom it is for", "description"), Kind.ATHENA_WORKGROUP),
        kinds=_WORKGROUP,
        alone=_WORKGROUP,
    ),
)
