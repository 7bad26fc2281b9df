"""Glue: security configurations, followed from the job or crawler to what they encrypt."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judge,
    Judgement,
    Severity,
    fails,
    passes,
    settle,
    unverified,
)
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import Unknown

_WORKERS = (Kind.GLUE_JOB, Kind.GLUE_CRAWLER, Kind.GLUE_DEV_ENDPOINT)
_PROPERTY = "encryptionConfiguration"


def _attached(graph: Graph) -> Iterator[Judgement]:
    for worker in graph.of(*_WORKERS):
        # A name that is not known yet is given all the same; where it leads is glue-sc-resolves' question.
        if isinstance(worker.at("securityConfiguration"), Unknown) or worker.at("securityConfiguration"):
            yield passes(worker)
        else:
            yield fails(worker, "runs without a security configuration: output, logs and bookmarks lie open")


def _resolves(graph: Graph) -> Iterator[Judgement]:
    for worker in graph.of(*_WORKERS):
        name = worker.at("securityConfiguration")
        reference = graph.follow(worker, "securityConfiguration", Kind.GLUE_SECURITY_CONFIGURATION)
        if reference.join is Join.UNKNOWN:
            yield unverified(worker, "securityConfiguration is not known yet and leads to none of the stack")
        elif reference.join is Join.EXTERNAL:
            yield fails(
                worker, f"security configuration '{name}' is not in the stack, so nobody can vouch for it"
            )
        elif reference.join is Join.FOUND:
            yield passes(worker)


def _encrypts(part: str, block: str, mode_name: str, wanted: str) -> Judge:
    """Return a judge of one of the three encryptions of a security configuration."""

    def judge(graph: Graph) -> Iterator[Judgement]:
        for configuration in graph.of(Kind.GLUE_SECURITY_CONFIGURATION):
            yield from settle(configuration, _gaps(graph, configuration))

    def _gaps(graph: Graph, configuration: Resource) -> Iterator[Judgement]:
        mode = configuration.at(_PROPERTY, block, mode_name)
        key = configuration.at(_PROPERTY, block, "kmsKeyArn")
        if isinstance(mode, Unknown):
            yield unverified(configuration, f"{block}.{mode_name} is not known yet")
            return
        if mode != wanted:
            yield fails(
                configuration, f"{part} are not encrypted: {mode_name} is {mode or 'missing'}, not {wanted}"
            )
            return
        use = key_use(graph, configuration, _PROPERTY, key, arn_only=True)
        if use is KeyUse.UNKNOWN:
            yield unverified(
                configuration, f"{block}.kmsKeyArn is not known yet and leads to no key of the stack"
            )
        elif use is KeyUse.ABSENT:
            yield fails(configuration, f"{block} has {wanted} but no kmsKeyArn")
        elif use is not KeyUse.CUSTOMER:
            yield fails(configuration, f"{block}.kmsKeyArn '{key}' is not the ARN of a customer key")

    return judge


_SECURITY_CONFIGURATION = frozenset({Kind.GLUE_SECURITY_CONFIGURATION})

CONTROLS = (
    Control(
        id="DL-GLUE-01",
        name="glue-security-config-attached",
        title="Glue jobs, crawlers and development endpoints run under a security configuration",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="Without one Glue writes output, logs and bookmarks without the lake's keys.",
        fix="Set securityConfiguration to the name of a SecurityConfiguration of the stack.",
        judge=_attached,
        kinds=frozenset(_WORKERS),
        alone=frozenset(_WORKERS),
        anchors=("CKV_AWS_195", "CT.GLUE.PR.1"),
    ),
    Control(
        id="DL-GLUE-02",
        name="glue-sc-resolves",
        title="The security configuration that a job or crawler names is in the stack, hence judged",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="A name alone proves nothing: it may be misspelt, or name a configuration that encrypts nothing.",
        fix="Declare the SecurityConfiguration in the stack and pass its name to the job or crawler.",
        judge=_resolves,
        kinds=frozenset(_WORKERS) | _SECURITY_CONFIGURATION,
    ),
    Control(
        id="DL-GLUE-03",
        name="glue-sc-s3",
        title="Security configurations encrypt job output with SSE-KMS under a customer key",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="Jobs write with the configuration's encryption, whatever the bucket's default is.",
        fix="Set s3Encryption to mode SSE-KMS with the ARN of a key.",
        judge=_encrypts("job outputs", "s3Encryption", "s3EncryptionMode", "SSE-KMS"),
        kinds=_SECURITY_CONFIGURATION,
        alone=_SECURITY_CONFIGURATION,
        anchors=("CKV_AWS_99",),
    ),
    Control(
        id="DL-GLUE-04",
        name="glue-sc-logs",
        title="Security configurations encrypt logs with SSE-KMS under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Logs of jobs quote the rows they choke on.",
        fix="Set cloudwatchEncryption to mode SSE-KMS with the ARN of a key.",
        judge=_encrypts("logs", "cloudwatchEncryption", "cloudwatchEncryptionMode", "SSE-KMS"),
        kinds=_SECURITY_CONFIGURATION,
        alone=_SECURITY_CONFIGURATION,
        anchors=("CKV_AWS_99", "AwsSolutions-GL1"),
    ),
    Control(
        id="DL-GLUE-05",
        name="glue-sc-bookmark",
        title="Security configurations encrypt job bookmarks with CSE-KMS under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Bookmarks hold keys and names of the data that was read.",
        fix="Set jobBookmarksEncryption to mode CSE-KMS with the ARN of a key.",
        judge=_encrypts("job bookmarks", "jobBookmarksEncryption", "jobBookmarksEncryptionMode", "CSE-KMS"),
        kinds=_SECURITY_CONFIGURATION,
        alone=_SECURITY_CONFIGURATION,
        anchors=("CKV_AWS_99", "AwsSolutions-GL3"),
    ),
)
