"""Functions and secrets: keys, callers, values in clear, rotation."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    passes,
    unverified,
)
from policies.controls.resource_documents import each_document, strangers
from policies.controls.secrets import looks_secret
from policies.controls.settings import customer_key, each, setting
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.resource_policies import places
from policies.graph.values import Unknown, at, items

_MONTHS = 90
# Ended by November 2026: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_ENDED_RUNTIMES = (
    *(f"python{version}" for version in ("2.7", "3.6", "3.7", "3.8", "3.9")),
    *(f"nodejs{version}.x" for version in (8, 10, 12, 14, 16, 18, 20)),
    *(f"ruby{version}" for version in ("2.5", "2.7", "3.2")),
    *("java8", "go1.x", "provided", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "dotnet7"),
)
_FUNCTION = frozenset({Kind.FUNCTION})
_SECRET = frozenset({Kind.SECRET})


def _rotates(graph: Graph) -> Iterator[Judgement]:
    rotations = [(r, graph.follow(r, "secretId", Kind.SECRET)) for r in graph.of(Kind.SECRET_ROTATION)]
    for secret in graph.of(Kind.SECRET):
        own = [r for r, ref in rotations if ref.target is not None and ref.target.urn == secret.urn]
        if not own and any(ref.join is Join.UNKNOWN for _, ref in rotations):
            yield unverified(secret, "is never changed, unless a rotation not known yet is its")
        elif not own:
            yield fails(secret, "is never changed: no SecretRotation")
        for rotation in own:
            days = at(setting(rotation, "rotationRules"), "automaticallyAfterDays")
            enabled = setting(rotation, "rotationEnabled")
            if isinstance(days, Unknown):
                yield unverified(rotation, "automaticallyAfterDays is not known yet")
            elif enabled is False or (isinstance(days, int) and days > _MONTHS):
                yield fails(rotation, f"changes its secret after {days} days, not within {_MONTHS}")
            else:
                yield passes(rotation)


def _no_environment_secrets(graph: Graph, function: Resource) -> Iterator[Judgement]:
    del graph
    variables = setting(function, "environment", "variables")
    if isinstance(variables, Unknown):
        yield unverified(function, "environment.variables are not known yet")
    elif isinstance(variables, dict):
        for name, value in variables.items():
            if looks_secret(name, value):
                yield fails(function, f"holds a secret in clear in its environment: {name}")


def _environment_key(graph: Graph, function: Resource) -> Iterator[Judgement]:
    if setting(function, "environment", "variables"):
        yield from customer_key("its environment is", "kmsKeyArn")(graph, function)


def _permission(graph: Graph, permission: Resource) -> Iterator[Judgement]:
    del graph
    principal = setting(permission, "principal")
    pins = [setting(permission, name) for name in ("sourceArn", "sourceAccount", "principalOrgId")]
    if isinstance(principal, Unknown):
        yield unverified(permission, "principal is not known yet")
    elif principal == "*":
        yield fails(permission, "lets anyone invoke the function")
    elif str(principal).endswith(".amazonaws.com") and all(pin is None for pin in pins):
        yield fails(permission, f"lets {principal} invoke the function for whichever customer: no sourceArn")


def _url_auth(graph: Graph, url: Resource) -> Iterator[Judgement]:
    del graph
    kind = setting(url, "authorizationType")
    if isinstance(kind, Unknown):
        yield unverified(url, "authorizationType is not known yet")
    elif kind != "AWS_IAM":
        yield fails(url, f"answers anyone on the internet: authorizationType is {kind}")
    if "*" in items(at(setting(url, "cors"), "allowOrigins")):
        yield fails(url, "may be called from any web page: cors.allowOrigins is *")


def _runtime(graph: Graph, function: Resource) -> Iterator[Judgement]:
    del graph
    runtime = setting(function, "runtime")
    if isinstance(runtime, Unknown):
        yield unverified(function, "runtime is not known yet")
    elif runtime in _ENDED_RUNTIMES:
        yield fails(function, f"runs on {runtime}, which gets no security updates")


def _function_dead_letters(graph: Graph, function: Resource) -> Iterator[Judgement]:
    del graph
    if setting(function, "deadLetterConfig", "targetArn") is None:
        yield fails(function, "an event that it fails on twice is lost: it has no deadLetterConfig")


CONTROLS = (
    Control(
        id="DL-SEC-01",
        name="secret-cmk",
        title="Secrets are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="aws/secretsmanager opens for whoever IAM lets read the secret, and cannot be shared or "
        "audited apart.",
        fix="Set kmsKeyId to the ARN of a key.",
        judge=each(customer_key("the secret is", "kmsKeyId"), Kind.SECRET),
        kinds=_SECRET,
        alone=_SECRET,
        anchors=("CKV_AWS_149",),
    ),
    Control(
        id="DL-SEC-02",
        name="secret-rotation",
        title="Secrets are changed within 90 days",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="A secret that leaked unnoticed works until it is changed.",
        fix="Declare SecretRotation with automaticallyAfterDays 90 or less.",
        judge=_rotates,
        kinds=_SECRET | {Kind.SECRET_ROTATION},
        anchors=("CKV2_AWS_57", "AwsSolutions-SMG4", "SecretsManager.1"),
    ),
    Control(
        id="DL-SEC-03",
        name="secret-policy-not-public",
        title="Policies of secrets grant nothing to anyone",
        severity=Severity.CRITICAL,
        category=Category.LEAST_PRIVILEGE,
        why="A secret for everybody is none.",
        fix="Name the principals.",
        judge=each_document(strangers, Kind.SECRET),
        kinds=places(Kind.SECRET),
        alone=places(Kind.SECRET),
    ),
    Control(
        id="DL-FN-01",
        name="lambda-env-cmk",
        title="Environments of functions are encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Variables are shown to whoever may read the function's configuration.",
        fix="Set kmsKeyArn to the ARN of a key.",
        judge=each(_environment_key, Kind.FUNCTION),
        kinds=_FUNCTION,
        alone=_FUNCTION,
        anchors=("CKV_AWS_173",),
    ),
    Control(
        id="DL-FN-02",
        name="lambda-no-env-secrets",
        title="Environments of functions hold no secrets",
        severity=Severity.CRITICAL,
        category=Category.ENCRYPTION,
        why="Variables are shown in the console, and lie in the stack's state.",
        fix="Pass the name of a secret and read it in the function.",
        judge=each(_no_environment_secrets, Kind.FUNCTION),
        kinds=_FUNCTION,
        alone=_FUNCTION,
        anchors=("CKV_AWS_45",),
    ),
    Control(
        id="DL-FN-03",
        name="lambda-permission-scoped",
        title="Functions are invoked by named callers, on this account's behalf",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A service invokes for all its customers: unpinned, any of them starts the function.",
        fix="Set sourceArn (and sourceAccount for s3), and name a principal other than *.",
        judge=each(_permission, Kind.FUNCTION_PERMISSION),
        kinds=frozenset({Kind.FUNCTION_PERMISSION}),
        alone=frozenset({Kind.FUNCTION_PERMISSION}),
        anchors=("CKV_AWS_364", "CKV_AWS_301", "Lambda.1"),
    ),
    Control(
        id="DL-FN-04",
        name="lambda-url-auth",
        title="Function URLs ask who calls",
        severity=Severity.CRITICAL,
        category=Category.NETWORK,
        why="A URL without authorisation is the function's role for everybody.",
        fix="Set authorizationType to AWS_IAM, and name origins in cors.",
        judge=each(_url_auth, Kind.FUNCTION_URL),
        kinds=frozenset({Kind.FUNCTION_URL}),
        alone=frozenset({Kind.FUNCTION_URL}),
        anchors=("CKV_AWS_258", "CKV2_AWS_75"),
    ),
    Control(
        id="DL-FN-05",
        name="lambda-runtime",
        title="Functions run on a supported runtime",
        severity=Severity.MEDIUM,
        category=Category.GOVERNANCE,
        why="An ended runtime gets no security updates, and one day no deployments.",
        fix="Set runtime to a current one.",
        judge=each(_runtime, Kind.FUNCTION),
        kinds=_FUNCTION,
        alone=_FUNCTION,
        anchors=("CKV_AWS_363", "AwsSolutions-L1", "Lambda.2"),
    ),
    Control(
        id="DL-FN-06",
        name="lambda-dlq",
        title="Functions keep the events that they failed on",
        severity=Severity.LOW,
        category=Category.RESILIENCE,
        why="After two retries an asynchronous event is gone.",
        fix="Set deadLetterConfig.targetArn to a queue.",
        judge=each(_function_dead_letters, Kind.FUNCTION),
        kinds=_FUNCTION,
        alone=_FUNCTION,
        anchors=("CKV_AWS_116",),
    ),
)
