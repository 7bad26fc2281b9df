"""Security groups and network ACLs: who is let in, who is let out, and what it is for."""

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
from policies.controls.settings import setting
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.network import WORLD, is_open_to_world, security_rules
from policies.graph.values import Unknown, at, items

_ADMIN_PORTS = (22, 3389)
# FTP as well, which nobody serves from a subnet of a lake.
_ACL_PORTS = (20, 21, *_ADMIN_PORTS)
_RULES = frozenset(
    {
        Kind.SECURITY_GROUP,
        Kind.SECURITY_GROUP_RULE,
        Kind.SECURITY_GROUP_INGRESS,
        Kind.SECURITY_GROUP_EGRESS,
        Kind.DEFAULT_SECURITY_GROUP,
    }
)
_ACLS = frozenset({Kind.NETWORK_ACL, Kind.NETWORK_ACL_RULE})


def _no_open_ingress(graph: Graph) -> Iterator[Judgement]:
    for rule in (r for r in graph.derived(security_rules) if r.inward):
        if is_open_to_world(rule):
            admin = [
                str(p) for p in _ADMIN_PORTS if rule.every_port or _covers(rule.from_port, rule.to_port, p)
            ]
            extra = f", {' and '.join(admin)} for administration among them" if admin else ""
            yield fails(rule.holder, f"lets the whole internet in: {rule.label}{extra}")
        elif rule.is_unknown:
            yield unverified(rule.holder, "whom it lets in is not known yet")
        else:
            yield passes(rule.holder)


def _covers(low: object, high: object, port: int) -> bool:
    return isinstance(low, int) and isinstance(high, int) and low <= port <= high


def _no_open_egress(graph: Graph) -> Iterator[Judgement]:
    for rule in (r for r in graph.derived(security_rules) if not r.inward):
        if is_open_to_world(rule) and rule.every_port:
            yield fails(rule.holder, f"lets everything out: {rule.label}")
        elif rule.is_unknown:
            yield unverified(rule.holder, "whom it lets reach is not known yet")
        else:
            yield passes(rule.holder)


def _described(graph: Graph) -> Iterator[Judgement]:
    for group in graph.of(Kind.SECURITY_GROUP):
        text = setting(group, "description")
        if text in (None, "", "Managed by Pulumi"):
            yield fails(group, "says nowhere what it is for: description is the provider's")
        else:
            yield passes(group)
    for rule in graph.derived(security_rules):
        if rule.description in (None, ""):
            yield fails(rule.holder, f"says nowhere what it is for: {rule.label} has no description")
        else:
            yield passes(rule.holder)


def _acl_rules(graph: Graph) -> Iterator[tuple[Resource, object, object, object, object]]:
    for rule in graph.of(Kind.NETWORK_ACL_RULE):
        if rule.at("egress") is not True and rule.at("ruleAction") == "allow":
            cidr = rule.at("cidrBlock") or rule.at("ipv6CidrBlock")
            yield rule, rule.at("protocol"), rule.at("fromPort"), rule.at("toPort"), cidr
    for acl in graph.of(Kind.NETWORK_ACL):
        for block in items(acl.props.get("ingress")) if acl.declares("ingress") else []:
            if isinstance(block, Unknown):
                yield acl, None, None, None, block
            elif at(block, "action") == "allow":
                cidr = at(block, "cidrBlock") or at(block, "ipv6CidrBlock")
                yield acl, at(block, "protocol"), at(block, "fromPort"), at(block, "toPort"), cidr


def _acl_closed(graph: Graph) -> Iterator[Judgement]:
    for holder, protocol, low, high, cidr in _acl_rules(graph):
        every = str(protocol) in ("-1", "all") or (low in (0, None) and high in (0, None, 65535))
        named = [str(port) for port in _ACL_PORTS if _covers(low, high, port)]
        if isinstance(cidr, Unknown):
            yield unverified(holder, "whom the network ACL lets in is not known yet")
        elif cidr in WORLD and (every or named):
            what = "every port" if every else f"port {' and '.join(named)}"
            yield fails(holder, f"lets the whole internet into the subnet: {what} from {cidr}")
        else:
            yield passes(holder)


CONTROLS = (
    Control(
        id="DL-NET-06",
        name="nacl-open",
        title="Network ACLs let the internet in neither on every port nor on those of FTP, SSH and RDP",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="An ACL that says yes to all is none.",
        fix="Name the networks and ports that may come in.",
        judge=_acl_closed,
        kinds=_ACLS,
        alone=_ACLS,
        anchors=(
            "CKV_AWS_229",
            "CKV_AWS_230",
            "CKV_AWS_231",
            "CKV_AWS_232",
            "CKV_AWS_352",
            "AwsSolutions-VPC3",
            "EC2.21",
        ),
    ),
    Control(
        id="DL-NET-07",
        name="sg-no-open-ingress",
        title="Security groups do not let the internet in",
        severity=Severity.CRITICAL,
        category=Category.NETWORK,
        why="In a lake without web servers nobody on the internet has business inside.",
        fix="Name the groups or networks of the clients.",
        judge=_no_open_ingress,
        kinds=_RULES,
        alone=_RULES,
        anchors=(
            "CKV_AWS_24",
            "CKV_AWS_25",
            "CKV_AWS_260",
            "CKV_AWS_277",
            "AwsSolutions-EC23",
            "EC2.18",
            "EC2.19",
        ),
    ),
    Control(
        id="DL-NET-08",
        name="sg-no-open-egress",
        title="Security groups do not let everything out",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="All ports to everywhere is how data leaves; endpoints make it unnecessary.",
        fix="Allow 443 to the endpoints' group and to the prefix list of S3.",
        judge=_no_open_egress,
        kinds=_RULES,
        alone=_RULES,
        anchors=("CKV_AWS_382",),
    ),
    Control(
        id="DL-NET-09",
        name="sg-description",
        title="Security groups and their rules say what they are for",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="A rule that nobody can explain is a rule that nobody dares remove.",
        fix="Set description.",
        judge=_described,
        kinds=_RULES,
        anchors=("CKV_AWS_23", "AwsSolutions-EC27"),
    ),
)
