"""VPCs and subnets: flow logs, default groups, roads to the internet."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    passes,
    settle,
    unverified,
)
from policies.controls.settings import each, off, setting, settings
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join
from policies.graph.network import public_subnets, subnets_of
from policies.graph.values import Unknown


def _logged(graph: Graph) -> Iterator[Judgement]:
    logs = graph.of(Kind.FLOW_LOG)
    joined = [(log, graph.follow(log, "vpcId", Kind.VPC)) for log in logs]
    for vpc in graph.of(Kind.VPC):
        own = [log for log, ref in joined if ref.target is not None and ref.target.urn == vpc.urn]
        types = [setting(log, "trafficType") for log in own]
        if any(kind == "ALL" for kind in types):
            yield passes(vpc)
        elif any(isinstance(kind, Unknown) for kind in types):
            yield unverified(own[0], "trafficType is not known yet")
        elif own:
            yield fails(own[0], f"logs {types[0] or 'nothing'} of VPC {vpc.name}, not ALL traffic")
        elif any(ref.join is Join.UNKNOWN for _, ref in joined):
            yield unverified(vpc, "has no flow log, unless one whose VPC is not known yet is its")
        else:
            yield fails(vpc, "has no flow log: nobody can say what left it")


def _default_closed(graph: Graph) -> Iterator[Judgement]:
    joined = [
        (group, graph.follow(group, "vpcId", Kind.VPC)) for group in graph.of(Kind.DEFAULT_SECURITY_GROUP)
    ]
    for vpc in graph.of(Kind.VPC):
        own = [group for group, ref in joined if ref.target is not None and ref.target.urn == vpc.urn]
        for group in own:
            rules = [prop for prop in ("ingress", "egress") if settings(group, prop)]
            if rules:
                yield fails(group, f"the default group of VPC {vpc.name} has rules: {' and '.join(rules)}")
            else:
                yield passes(group)
        if not own and any(ref.join is Join.UNKNOWN for _, ref in joined):
            yield unverified(vpc, "its default security group is open, unless one not known yet closes it")
        elif not own:
            yield fails(
                vpc, "its default security group lets its members talk to all: nothing takes its rules"
            )


def _no_default(graph: Graph) -> Iterator[Judgement]:
    for vpc in graph.of(Kind.VPC):
        yield passes(vpc)
    for vpc in graph.of(Kind.DEFAULT_VPC):
        yield fails(vpc, "adopts the default VPC, whose subnets are public")


def _data_private(graph: Graph) -> Iterator[Judgement]:
    public = graph.derived(public_subnets)
    for source, prop, path in (
        *((r, "subnetIds", ("subnetIds",)) for r in graph.of(Kind.REDSHIFT_SUBNET_GROUP)),
        *((r, "subnetIds", ("subnetIds",)) for r in graph.of(Kind.QUICKSIGHT_VPC_CONNECTION)),
        *((r, "subnetIds", ("subnetIds",)) for r in graph.of(Kind.VPC_ENDPOINT)),
        *((r, "vpcConfig", ("vpcConfig", "subnetIds")) for r in graph.of(Kind.FUNCTION)),
        *(
            (r, "physicalConnectionRequirements", ("physicalConnectionRequirements", "subnetId"))
            for r in graph.of(Kind.GLUE_CONNECTION)
        ),
    ):
        value = setting(source, *path)
        if value is None:
            continue
        subnets = subnets_of(graph, source, prop, value)
        if isinstance(value, Unknown) and not subnets:
            yield unverified(source, f"{'.'.join(path)} is not known yet and leads to no subnet of the stack")
            continue
        yield from settle(
            source,
            (
                fails(source, f"sits in subnet {s.name}, which {public[s.urn].name} leads to the internet")
                for s in subnets
                if s.urn in public
            ),
        )


_VPC = frozenset({Kind.VPC})
_SUBNET = frozenset({Kind.SUBNET})


CONTROLS = (
    Control(
        id="DL-NET-01",
        name="vpc-flow-logs",
        title="VPCs log all their traffic",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="After a breach, flow logs say where the data went.",
        fix="Declare ec2.FlowLog with vpcId and trafficType ALL.",
        judge=_logged,
        kinds=_VPC | {Kind.FLOW_LOG},
        anchors=("CKV2_AWS_11", "AwsSolutions-VPC7", "EC2.6"),
    ),
    Control(
        id="DL-NET-02",
        name="vpc-default-sg-closed",
        title="Default security groups have no rules",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="Whatever names no group lands in the default one, which lets its members talk to everything.",
        fix="Declare ec2.DefaultSecurityGroup for the VPC, without ingress and egress.",
        judge=_default_closed,
        kinds=_VPC | {Kind.DEFAULT_SECURITY_GROUP},
        anchors=("CKV2_AWS_12", "EC2.2"),
    ),
    Control(
        id="DL-NET-03",
        name="vpc-no-default",
        title="Nothing lives in the default VPC",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="Its subnets give out public addresses.",
        fix="Declare a VPC of your own.",
        judge=_no_default,
        kinds=_VPC | {Kind.DEFAULT_VPC},
        alone=frozenset({Kind.DEFAULT_VPC}),
        anchors=("CKV_AWS_148",),
    ),
    Control(
        id="DL-NET-04",
        name="subnet-no-public-ip",
        title="Subnets give out no public addresses",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="A public address is the first half of being reachable from everywhere.",
        fix="Leave mapPublicIpOnLaunch off.",
        judge=each(off("what starts in it is on the internet", "mapPublicIpOnLaunch"), Kind.SUBNET),
        kinds=_SUBNET,
        alone=_SUBNET,
        anchors=("CKV_AWS_130", "EC2.15"),
    ),
    Control(
        id="DL-NET-05",
        name="data-subnets-private",
        title="What touches data sits in subnets without a road to the internet",
        severity=Severity.HIGH,
        category=Category.NETWORK,
        why="A route to an internet gateway is a way out for the warehouse.",
        fix="Use subnets whose route tables lead to endpoints only.",
        judge=_data_private,
        kinds=frozenset(
            {
                Kind.REDSHIFT_SUBNET_GROUP,
                Kind.QUICKSIGHT_VPC_CONNECTION,
                Kind.GLUE_CONNECTION,
                Kind.VPC_ENDPOINT,
                Kind.FUNCTION,
                Kind.SUBNET,
                Kind.ROUTE,
                Kind.ROUTE_TABLE,
                Kind.ROUTE_TABLE_ASSOCIATION,
                Kind.INTERNET_GATEWAY,
            }
        ),
        anchors=("CKV2_AWS_35",),
    ),
)
