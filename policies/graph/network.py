"""Networks: rules of security groups in one form, and which subnets lead to the internet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import Unknown, Value, at, items

WORLD = ("0.0.0.0/0", "::/0")
_ALL = ("-1", "all")
# Groups and their rules, in every form.
GROUPS = frozenset(
    {
        Kind.SECURITY_GROUP,
        Kind.SECURITY_GROUP_RULE,
        Kind.SECURITY_GROUP_INGRESS,
        Kind.SECURITY_GROUP_EGRESS,
    }
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a security group: where it is written, which way, which ports, to or from whom."""

    holder: Resource
    inward: bool
    protocol: Value
    from_port: Value
    to_port: Value
    cidrs: tuple[Value, ...]
    description: Value

    @property
    def every_port(self) -> bool:
        """Whether it covers all ports."""
        return str(self.protocol) in _ALL or (self.from_port in (0, None) and self.to_port in (65535, None))

    @property
    def is_unknown(self) -> bool:
        """Whether to whom it opens is not known yet."""
        return any(isinstance(cidr, Unknown) for cidr in self.cidrs)

    @property
    def label(self) -> str:
        """How messages call it."""
        ports = (
            "every port"
            if self.every_port
            else f"port {self.from_port}"
            if self.from_port == self.to_port
            else f"ports {self.from_port} to {self.to_port}"
        )
        whom = ", ".join(str(cidr) for cidr in self.cidrs) or "other groups"
        return f"{ports} {'from' if self.inward else 'to'} {whom}"


def is_open_to_world(rule: Rule) -> bool:
    """Whether a rule names every address there is, of one family or in halves."""
    cidrs = {str(cidr) for cidr in rule.cidrs}
    return bool(cidrs & set(WORLD)) or {"0.0.0.0/1", "128.0.0.0/1"} <= cidrs


def security_rules(graph: Graph) -> tuple[Rule, ...]:
    """Return every rule of every security group of the stack, inline or beside it."""
    return tuple(
        rule
        for group in graph.of(Kind.SECURITY_GROUP, Kind.DEFAULT_SECURITY_GROUP)
        for rule in _inline(group)
    ) + tuple(_beside(graph))


def rules_of(graph: Graph, group: Resource) -> tuple[Rule, ...]:
    """Return the rules of one security group of the stack."""
    return graph.derived(_rules_by_group).get(group.urn, ())


def _rules_by_group(graph: Graph) -> dict[str, tuple[Rule, ...]]:
    found: defaultdict[str, list[Rule]] = defaultdict(list)
    for rule in graph.derived(security_rules):
        inline = rule.holder.kind in (Kind.SECURITY_GROUP, Kind.DEFAULT_SECURITY_GROUP)
        owner = rule.holder if inline else group_of(graph, rule.holder)
        if owner is not None:
            found[owner.urn].append(rule)
    return {urn: tuple(rules) for urn, rules in found.items()}


def group_of(graph: Graph, rule: Resource) -> Resource | None:
    """Return the group of the stack that a rule beside it belongs to."""
    return graph.follow(rule, "securityGroupId", Kind.SECURITY_GROUP).target


def groups_of(graph: Graph, source: Resource, prop: str) -> tuple[Resource, ...]:
    """Return the security groups of the stack that a property names, each once."""
    found: dict[str, Resource] = {}
    for value in items(source.props.get(prop)):
        named = graph.named(Kind.SECURITY_GROUP, value) if isinstance(value, str) else None
        joined = graph.dependencies_of(source, prop, Kind.SECURITY_GROUP)
        found.update({g.urn: g for g in (joined if named is None else (named,))})
    return tuple(found.values())


def _inline(group: Resource) -> Iterator[Rule]:
    for prop, inward in (("ingress", True), ("egress", False)):
        if not group.declares(prop):
            continue
        for block in items(group.props.get(prop)):
            cidrs = (*items(at(block, "cidrBlocks")), *items(at(block, "ipv6CidrBlocks")))
            known = cidrs if not isinstance(block, Unknown) else (block,)
            yield Rule(
                group,
                inward,
                at(block, "protocol"),
                at(block, "fromPort"),
                at(block, "toPort"),
                tuple(known),
                at(block, "description"),
            )


def _beside(graph: Graph) -> Iterator[Rule]:
    for old in graph.of(Kind.SECURITY_GROUP_RULE):
        cidrs = (*items(old.at("cidrBlocks")), *items(old.at("ipv6CidrBlocks")))
        inward = old.at("type") != "egress"
        ports = old.at("protocol"), old.at("fromPort"), old.at("toPort")
        yield Rule(old, inward, *ports, tuple(cidrs), old.at("description"))
    for kind, inward in ((Kind.SECURITY_GROUP_INGRESS, True), (Kind.SECURITY_GROUP_EGRESS, False)):
        for rule in graph.of(kind):
            cidrs = (*items(rule.at("cidrIpv4")), *items(rule.at("cidrIpv6")))
            ports = rule.at("ipProtocol"), rule.at("fromPort"), rule.at("toPort")
            yield Rule(rule, inward, *ports, tuple(cidrs), rule.at("description"))


def routes_to_internet(graph: Graph) -> dict[str, Resource]:
    """Return route tables that lead to an internet gateway, with the resource that holds the route."""
    found: dict[str, Resource] = {}
    for route in graph.of(Kind.ROUTE):
        table = graph.follow(route, "routeTableId", Kind.ROUTE_TABLE).target
        gateway = route.at("gatewayId")
        if table is not None and _is_gateway(graph, route, "gatewayId", gateway):
            found[table.urn] = route
    for table in graph.of(Kind.ROUTE_TABLE):
        for block in items(table.props.get("routes")):
            if _is_gateway(graph, table, "routes", at(block, "gatewayId")):
                found[table.urn] = table
    return found


def _is_gateway(graph: Graph, source: Resource, prop: str, value: Value) -> bool:
    if isinstance(value, str) and value.startswith("igw-"):
        return True
    return graph.follow(source, prop, Kind.INTERNET_GATEWAY, value=value).join is Join.FOUND


def public_subnets(graph: Graph) -> dict[str, Resource]:
    """Return subnets whose route table leads to an internet gateway, with the route."""
    tables = graph.derived(routes_to_internet)
    found: dict[str, Resource] = {}
    for association in graph.of(Kind.ROUTE_TABLE_ASSOCIATION):
        table = graph.follow(association, "routeTableId", Kind.ROUTE_TABLE).target
        subnet = graph.follow(association, "subnetId", Kind.SUBNET).target
        if table is not None and subnet is not None and table.urn in tables:
            found[subnet.urn] = tables[table.urn]
    return found


def subnets_of(graph: Graph, source: Resource, prop: str, value: Value) -> tuple[Resource, ...]:
    """Return the subnets of the stack that a property (or a value below it) names."""
    found: dict[str, Resource] = {}
    for item in items(value):
        targets = (
            graph.dependencies_of(source, prop, Kind.SUBNET)
            if isinstance(item, Unknown)
            else tuple(t for t in [graph.named(Kind.SUBNET, str(item))] if t is not None)
        )
        found.update({target.urn: target for target in targets})
    return tuple(found.values())
