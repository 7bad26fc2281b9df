"""What holds for resources of every kind: tags, protection, regions, components, secrets in clear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    passes,
    settle,
    unverified,
)
from policies.controls.secrets import has_secret_shape
from policies.graph.kinds import Kind
from policies.graph.model import STACK_TOKEN, Graph, Resource
from policies.graph.values import Unknown, Value

_TAGS = ("owner", "environment", "cost-center", "data-classification")
_TAGGED = (
    Kind.BUCKET,
    Kind.KMS_KEY,
    Kind.ROLE,
    Kind.GLUE_JOB,
    Kind.GLUE_CRAWLER,
    Kind.GLUE_TRIGGER,
    Kind.GLUE_WORKFLOW,
    Kind.ATHENA_WORKGROUP,
    Kind.LOG_GROUP,
    Kind.REDSHIFT_CLUSTER,
    Kind.REDSHIFT_PARAMETER_GROUP,
    Kind.REDSHIFT_SUBNET_GROUP,
    Kind.REDSHIFT_SNAPSHOT_COPY_GRANT,
    Kind.GLUE_CONNECTION,
    Kind.GLUE_DATABASE,
    Kind.QUICKSIGHT_DATA_SOURCE,
    Kind.EVENT_RULE,
    Kind.METRIC_ALARM,
    Kind.BUDGET,
    Kind.VPC_ENDPOINT,
    Kind.TRAIL,
    Kind.TOPIC,
    Kind.QUEUE,
    Kind.SECRET,
    Kind.VPC,
    Kind.SUBNET,
    Kind.SECURITY_GROUP,
    Kind.FUNCTION,
)
_KEPT = (Kind.BUCKET, Kind.KMS_KEY, Kind.REDSHIFT_CLUSTER)
_RAW = (
    Kind.BUCKET,
    Kind.KMS_KEY,
    Kind.GLUE_JOB,
    Kind.GLUE_CRAWLER,
    Kind.ROLE,
    Kind.REDSHIFT_CLUSTER,
    Kind.LF_PERMISSIONS,
    Kind.ATHENA_WORKGROUP,
)
# Regions outside the data's own jurisdiction. The lake holds personal data of clients in the EU.
_ALLOWED_PREFIX = "eu-"
# Where the program says so once for everything: resources without a region of their own go there.
_PROVIDER = "pulumi:providers:aws"
_ENGINE_PROVIDERS = ("aws", "aws-native", "pulumi", "random", "tls", "null", "command")


def _tagged(graph: Graph) -> Iterator[Judgement]:
    known = [r for r in graph.of(*_TAGGED) if r.props.get("tags") or r.props.get("tagsAll")]
    for resource in graph.of(*_TAGGED):
        if not known:
            yield not_applicable(resource, "the stack tags nothing")
            continue
        tags = resource.at("tagsAll") if isinstance(resource.at("tagsAll"), dict) else resource.at("tags")
        if isinstance(tags, Unknown) and resource.declares("tags"):
            yield unverified(resource, "tags are not known yet")
            continue
        names = {name.lower() for name in tags} if isinstance(tags, dict) else set()
        missing = [name for name in _TAGS if name not in names]
        if missing:
            yield fails(resource, f"cannot be told whose it is or what it costs: no tag {', '.join(missing)}")
        else:
            yield passes(resource)


def _protected(graph: Graph) -> Iterator[Judgement]:
    for resource in graph.of(*_KEPT):
        if not graph.is_production:
            yield not_applicable(resource, f"stack '{graph.stack}' is not production")
        elif resource.protect:
            yield passes(resource)
        else:
            yield fails(resource, "can be deleted by a slip: it is not protected")


def _in_region(graph: Graph) -> Iterator[Judgement]:
    for resource in graph.resources:
        placed = resource.token.startswith("aws:") or resource.token == _PROVIDER
        region = resource.props.get("region") if placed else None
        if isinstance(region, Unknown) and resource.authored("region"):
            yield unverified(resource, "region is not known yet")
        elif isinstance(region, str):
            if region.startswith(_ALLOWED_PREFIX):
                yield passes(resource)
            else:
                verb = "puts resources into" if resource.token == _PROVIDER else "is in"
                yield fails(resource, f"{verb} {region}, outside the regions that the data may be kept in")


def _in_components(graph: Graph) -> Iterator[Judgement]:
    components = {r.urn for r in graph.resources if _is_component(r)}
    for resource in graph.of(*_RAW):
        if not components:
            yield not_applicable(resource, "the program has no components")
        elif resource.parent is None or _is_stack(graph, resource.parent):
            yield fails(
                resource, "stands by itself, outside the components that set up such resources rightly"
            )
        else:
            yield passes(resource)


def _is_component(resource: Resource) -> bool:
    return resource.token.partition(":")[0] not in _ENGINE_PROVIDERS


def _is_stack(graph: Graph, urn: str) -> bool:
    parent = graph.by_urn.get(urn)
    return parent is None or parent.token == STACK_TOKEN


def _no_secrets(graph: Graph) -> Iterator[Judgement]:
    for resource in (r for r in graph.resources if r.token.startswith("aws:")):
        # Nearly no resource holds any: looking is quick, telling where is not.
        paths = _found(dict(resource.props), ()) if _holds_any(resource.props) else ()
        if resource.kind is Kind.ACCESS_KEY:
            # What AWS calls the key by is the half of it that is no secret.
            paths = (path for path in paths if path != ("id",))
        yield from settle(resource, (_secret(resource, _dotted(path)) for path in paths))


def _secret(resource: Resource, where: str) -> Judgement:
    # The value itself never reaches a message.
    return fails(resource, f"{where} holds what looks like a credential in clear")


def _holds_any(value: object) -> bool:
    """Whether a value holds, at any depth, a string that can only be a credential."""
    if isinstance(value, str):
        return has_secret_shape(value)
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for item in inner:  # noqa: SIM110 - a loop: every value of every stack comes here
        if _holds_any(item):
            return True
    return False


def _found(value: Value, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Return the paths of strings that can only be credentials."""
    if isinstance(value, str):
        if has_secret_shape(value):
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str | dict | list):
                yield from _found(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, str | dict | list):
                yield from _found(inner, (*path, index))


def _dotted(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


_EVERY = frozenset(Kind)

CONTROLS = (
    Control(
        id="DL-GOV-01",
        name="tags-required",
        title="Resources say whose they are, where they run, who pays and how secret their data is",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="Budgets, access by tag and clean-up all start from these tags.",
        fix=f"Set the tags {', '.join(_TAGS)} on the resource, or in the provider's defaultTags.",
        judge=_tagged,
        kinds=frozenset(_TAGGED),
    ),
    Control(
        id="DL-GOV-02",
        name="prod-protect",
        title="Production's buckets, keys and clusters are protected from deletion",
        severity=Severity.HIGH,
        category=Category.RESILIENCE,
        why="Renaming a resource in code deletes it; protection turns that into a question.",
        fix="Give the resource ResourceOptions(protect=True).",
        judge=_protected,
        kinds=frozenset(_KEPT),
    ),
    Control(
        id="DL-GOV-03",
        name="allowed-regions",
        title="Resources are in regions of the EU",
        severity=Severity.HIGH,
        category=Category.GOVERNANCE,
        why="Personal data of clients may not leave the EU by a slip of configuration.",
        fix=f"Use a region that starts with {_ALLOWED_PREFIX}.",
        judge=_in_region,
        kinds=_EVERY,
    ),
    Control(
        id="DL-GOV-04",
        name="component-only",
        title="Where a program has components, its lake resources are made by them",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="A bucket beside the components has none of what they put around each bucket.",
        fix="Make it through the component, or give it one as parent.",
        judge=_in_components,
        kinds=frozenset(_RAW),
    ),
    Control(
        id="DL-GOV-05",
        name="no-plaintext-secrets",
        title="No input holds a credential in clear",
        severity=Severity.CRITICAL,
        category=Category.ENCRYPTION,
        why="Inputs lie in the stack's state, in previews and in the logs of every run.",
        fix="Use a Pulumi secret, or the name of a secret that the service reads itself.",
        judge=_no_secrets,
        kinds=_EVERY,
        anchors=("CKV_AWS_45",),
    ),
)
