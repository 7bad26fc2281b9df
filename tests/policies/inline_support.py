"""A stack written the other way: settings that lie beside a resource moved into it.

What providers let a program write either way, in the shapes of the provider majors that had both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from policies.graph.kinds import IDENTITIES, KIND_OF, Kind
from tests.policies.protocol_support import UNKNOWN, Res

Inline = Callable[[Mapping[str, Any]], dict[str, Any] | None]


@dataclass(frozen=True)
class Move:
    """How a resource beside an owner becomes a part of it.

    `links` are the property that names the owner, and the owner's kind; `value` is the sidecar's property
    that the owner takes over, `prop` the owner's; `inline` turns the sidecar's properties into what the owner
    gets, or tells by None that this one has no such form. `many` appends to a list.
    """

    links: tuple[tuple[str, Kind], ...]
    value: str
    prop: str
    inline: Inline
    many: bool = False


def _as(prop: str, value: str) -> Inline:
    return lambda props: {prop: props[value]} if value in props else None


def _encryption(props: Mapping[str, Any]) -> dict[str, Any] | None:
    rules = props.get("rules")
    rule = rules[0] if isinstance(rules, list) and len(rules) == 1 else None
    return None if rule is None else {"serverSideEncryptionConfiguration": {"rule": rule}}


def _versioning(props: Mapping[str, Any]) -> dict[str, Any] | None:
    block = props.get("versioningConfiguration")
    if isinstance(block, list) and len(block) == 1:
        block = block[0]
    if block == UNKNOWN or not isinstance(block, dict) or "status" not in block:
        return {"versioning": UNKNOWN} if block == UNKNOWN else None
    status = block["status"]
    return {"versioning": {"enabled": UNKNOWN if status == UNKNOWN else status == "Enabled"}}


def _logging(props: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"logging": {k: v for k, v in props.items() if k != "bucket"}} if "targetBucket" in props else None


def _lifecycle(props: Mapping[str, Any]) -> dict[str, Any] | None:
    rules = props.get("rules")
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        return None
    return {"lifecycleRules": [_lifecycle_rule(rule) for rule in rules]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    old = {k: v for k, v in rule.items() if k not in ("status", "filter")}
    old["enabled"] = rule.get("status") == "Enabled"
    if isinstance(rule.get("filter"), dict):
        old.update({k: v for k, v in rule["filter"].items() if k in ("prefix", "tags")})
    noncurrent = old.get("noncurrentVersionExpiration")
    if isinstance(noncurrent, dict) and "noncurrentDays" in noncurrent:
        old["noncurrentVersionExpiration"] = {"days": noncurrent["noncurrentDays"]}
    abort = old.pop("abortIncompleteMultipartUpload", None)
    if isinstance(abort, dict):
        old["abortIncompleteMultipartUploadDays"] = abort.get("daysAfterInitiation")
    return old


def _role_policy(props: Mapping[str, Any]) -> dict[str, Any] | None:
    return {"name": "own", "policy": props["policy"]} if "policy" in props else None


def _rule(inward: bool | None) -> Inline:
    def convert(props: Mapping[str, Any]) -> dict[str, Any] | None:
        if inward is None:
            return dict(props)
        named = {"ipProtocol": "protocol", "cidrIpv4": "cidrBlocks", "cidrIpv6": "ipv6CidrBlocks"}
        block = {named.get(name, name): value for name, value in props.items() if name != "securityGroupId"}
        for name in ("cidrBlocks", "ipv6CidrBlocks"):
            if name in block:
                block[name] = [block[name]]
        if block.get("protocol") == "-1":
            block = {"fromPort": 0, "toPort": 0, **block}
        return block

    return convert


_BUCKET = (("bucket", Kind.BUCKET),)
_GROUP = (("securityGroupId", Kind.SECURITY_GROUP),)
MOVES: dict[Kind, Move] = {
    Kind.BUCKET_ENCRYPTION: Move(_BUCKET, "rules", "serverSideEncryptionConfiguration", _encryption),
    Kind.BUCKET_VERSIONING: Move(_BUCKET, "versioningConfiguration", "versioning", _versioning),
    Kind.BUCKET_LOGGING: Move(_BUCKET, "targetBucket", "logging", _logging),
    Kind.BUCKET_LIFECYCLE: Move(_BUCKET, "rules", "lifecycleRules", _lifecycle),
    Kind.BUCKET_POLICY: Move(_BUCKET, "policy", "policy", _as("policy", "policy")),
    Kind.BUCKET_ACL: Move(_BUCKET, "acl", "acl", _as("acl", "acl")),
    Kind.KMS_KEY_POLICY: Move((("keyId", Kind.KMS_KEY),), "policy", "policy", _as("policy", "policy")),
    Kind.TOPIC_POLICY: Move((("arn", Kind.TOPIC),), "policy", "policy", _as("policy", "policy")),
    Kind.QUEUE_POLICY: Move((("queueUrl", Kind.QUEUE),), "policy", "policy", _as("policy", "policy")),
    Kind.QUEUE_REDRIVE: Move(
        (("queueUrl", Kind.QUEUE),), "redrivePolicy", "redrivePolicy", _as("redrivePolicy", "redrivePolicy")
    ),
    Kind.SECRET_POLICY: Move((("secretArn", Kind.SECRET),), "policy", "policy", _as("policy", "policy")),
    Kind.VPC_ENDPOINT_POLICY: Move(
        (("vpcEndpointId", Kind.VPC_ENDPOINT),), "policy", "policy", _as("policy", "policy")
    ),
    Kind.ROLE_POLICY: Move((("role", Kind.ROLE),), "policy", "inlinePolicies", _role_policy, many=True),
    Kind.ROLE_POLICY_ATTACHMENT: Move(
        (("role", Kind.ROLE),),
        "policyArn",
        "managedPolicyArns",
        lambda props: props.get("policyArn"),
        many=True,
    ),
    Kind.SECURITY_GROUP_INGRESS: Move(_GROUP, "cidrIpv4", "ingress", _rule(True), many=True),
    Kind.SECURITY_GROUP_EGRESS: Move(_GROUP, "cidrIpv4", "egress", _rule(False), many=True),
    Kind.SECURITY_GROUP_RULE: Move(_GROUP, "cidrBlocks", "", _rule(None), many=True),
    Kind.REDSHIFT_LOGGING: Move(
        (("clusterIdentifier", Kind.REDSHIFT_CLUSTER),),
        "logDestinationType",
        "logging",
        lambda props: {"logging": {"enable": True, **props}},
    ),
    Kind.REDSHIFT_CLUSTER_ROLES: Move(
        (("clusterIdentifier", Kind.REDSHIFT_CLUSTER),),
        "iamRoleArns",
        "iamRoles",
        _as("iamRoles", "iamRoleArns"),
    ),
    Kind.ROUTE: Move((("routeTableId", Kind.ROUTE_TABLE),), "gatewayId", "routes", dict, many=True),
}


def inlined(stack: Sequence[Res], kind: Kind) -> tuple[list[Res], dict[str, str]]:
    """Return the stack with the resources of a kind moved into their owners, and who became part of whom.

    One that has no owner in the stack, an owner that says the same already, or a rival, stays where it is.
    """
    move = MOVES[kind]
    by_owner: defaultdict[str, list[Res]] = defaultdict(list)
    for res in stack:
        if KIND_OF.get(res.token) is kind:
            owner = _owner(stack, res, move)
            if owner is not None:
                by_owner[owner.name].append(res)
    moved: dict[str, str] = {}
    owners: dict[str, Res] = {res.name: res for res in stack}
    for name, sidecars in by_owner.items():
        if not move.many and (len(sidecars) != 1 or owners[name].props.get(move.prop) is not None):
            continue
        for sidecar in sidecars:
            grown = _grown(owners[name], sidecar, move)
            if grown is not None:
                owners[name], moved[sidecar.name] = grown, name
    return [owners[res.name] for res in stack if res.name not in moved], moved


def _grown(owner: Res, sidecar: Res, move: Move) -> Res | None:
    part: Any = move.inline(sidecar.props)
    if part is None:
        return None
    prop = move.prop or ("egress" if sidecar.props.get("type") == "egress" else "ingress")
    if move.many:
        old = owner.props.get(prop, [])
        if not isinstance(old, list):
            return None
        part = {prop: [*old, part]}
    targets = [*owner.deps.get(prop, ()), *sidecar.deps.get(move.value, ())]
    deps = {**owner.deps, **({prop: tuple(targets)} if targets else {})}
    return replace(
        owner, props={**owner.props, **part}, deps=deps, computed=owner.computed - frozenset({prop})
    )


def _owner(stack: Sequence[Res], sidecar: Res, move: Move) -> Res | None:
    for link, kind in move.links:
        candidates = [res for res in stack if KIND_OF.get(res.token) is kind]
        by_edge = [res for res in candidates if res.name in sidecar.deps.get(link, ())]
        if by_edge:
            return by_edge[0]
        named = sidecar.props.get(link)
        if isinstance(named, str) and named != UNKNOWN:
            for res in candidates:
                if named in [res.props.get(prop) for prop in IDENTITIES[kind]]:
                    return res
    return None
