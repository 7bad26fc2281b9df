"""Amazon EC2: endpoints without a type and changes of them, flow logs by ARN, rules of security groups."""

from __future__ import annotations

import json
from typing import Any

from moto.ec2.exceptions import (
    InvalidParameterCombination,
    InvalidParameterValue,
    InvalidSecurityGroupNotFoundError,
    InvalidSecurityGroupRuleIdNotFoundError,
)
from moto.ec2.models.flow_logs import FlowLogsBackend
from moto.ec2.models.security_groups import SecurityGroupBackend, SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
from moto.ec2.responses.vpcs import VPCs
from moto.ec2.utils import random_private_ip

from local.emulator.gaps.extend import replace


def install() -> None:
    """Extends moto's EC2."""
    _endpoints()
    _flow_logs()
    _rules()


def _endpoints() -> None:
    def create_vpc_endpoint(self: Any, *, endpoint_type: str | None = None, **options: Any) -> Any:
        return create(self, endpoint_type=endpoint_type or "Gateway", **options)

    def modify_vpc_endpoint(self: Any) -> Any:
        """Changes also whether names are private, the policy back to the default, routes and interfaces."""
        before = self.ec2_backend.describe_vpc_endpoints([self._get_param("VpcEndpointId")])[0]
        tables = list(before.route_table_ids or [])
        answer = modify(self)
        (endpoint,) = self.ec2_backend.describe_vpc_endpoints([self._get_param("VpcEndpointId")])
        if self._get_param("PrivateDnsEnabled") is not None:
            endpoint.private_dns_enabled = self._get_bool_param("PrivateDnsEnabled")
        if self._get_bool_param("ResetPolicy"):
            endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
        if endpoint.vpc_endpoint_type.lower() == "interface":
            _interfaces(self.ec2_backend, endpoint)
        elif endpoint.destination_prefix_list_id:
            _routes(self.ec2_backend, endpoint, tables)
        return answer

    create = replace(VPCBackend, "create_vpc_endpoint", create_vpc_endpoint)
    modify = replace(VPCs, "modify_vpc_endpoint", modify_vpc_endpoint)


def _interfaces(backend: Any, endpoint: Any) -> None:
    """Gives an endpoint one network interface in each of its subnets, and none elsewhere."""
    held = {backend.enis[each].subnet.id: each for each in endpoint.network_interface_ids}
    for subnet in held.keys() - set(endpoint.subnet_ids):
        backend.enis.pop(held.pop(subnet))
    for subnet in endpoint.subnet_ids:
        if subnet not in held:
            held[subnet] = backend.create_network_interface(subnet, random_private_ip()).id
    endpoint.network_interface_ids = [held[subnet] for subnet in endpoint.subnet_ids]


def _routes(backend: Any, endpoint: Any, tables: list[str]) -> None:
    """Gives just the tables of a gateway endpoint a route to it."""
    prefixes = endpoint.destination_prefix_list_id
    for table in set(tables) - set(endpoint.route_table_ids):
        backend.delete_route(table, prefixes)
    for table in set(endpoint.route_table_ids) - set(tables):
        backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefixes)


def _flow_logs() -> None:
    def create_flow_logs(self: Any, **options: Any) -> Any:
        """Takes a log group also by its ARN, as LogDestination."""
        destination = options.get("log_destination") or ""
        if ":log-group:" in destination:
            options["log_group_name"] = destination.split(":log-group:", 1)[1].removesuffix(":*")
        return create(self, **options)

    create = replace(FlowLogsBackend, "create_flow_logs", create_flow_logs)


def _rules() -> None:
    def description(self: Any) -> Any:
        """Tells the description of a rule for a group or a prefix list too."""
        return self.__dict__.get("note") or self.source_group.get("Description") or told.fget(self)

    def _iterate_security_rules(self: Any, *args: Any, **options: Any) -> Any:
        """Keeps the descriptions of rules for prefix lists."""
        notes = {each["PrefixListId"]: each.get("Description") for each in args[_PREFIX_LISTS]}
        for rule in iterate(self, *args, **options):
            rule.note = notes.get(rule.prefix_list_id)
            yield rule

    told = replace(SecurityGroupRule, "description", property(description))
    iterate = replace(SecurityGroupBackend, "_iterate_security_rules", _iterate_security_rules)
    replace(SecurityGroupBackend, "modify_security_group_rules", modify_security_group_rules)


# The position of the prefix lists among the arguments.
_PREFIX_LISTS = 6


def modify_security_group_rules(self: Any, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
    """Changes rules of every kind; a rule stays of its kind, as in AWS."""
    group = self.get_security_group_by_name_or_id(group_id)
    if group is None:
        raise InvalidSecurityGroupNotFoundError(group_id)
    for rule_id, wanted in rules.items():
        rule = group.get_rule(rule_id)
        if rule is None:
            raise InvalidSecurityGroupRuleIdNotFoundError(rule_id)
        _change(rule, wanted)


def _change(rule: Any, wanted: dict[str, Any]) -> None:
    kinds = [kind for kind in ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId") if kind in wanted]
    if len(kinds) != 1:
        raise InvalidParameterCombination(
            "Exactly one of cidrIpv4, cidrIpv6, prefixListId and referencedGroupId must be specified"
        )
    held = {
        "CidrIpv4": rule.cidr_ipv4,
        "CidrIpv6": rule.cidr_ipv6,
        "PrefixListId": rule.prefix_list_id,
        "ReferencedGroupId": rule.source_group.get("GroupId"),
    }
    if not held[kinds[0]]:
        said = f"You may not specify {kinds[0]} for the existing security group rule '{rule.id}'."
        raise InvalidParameterValue(f"Invalid rule type. {said}")
    rule.ip_protocol = wanted["IpProtocol"]
    ports = rule.ip_protocol not in ("-1", "all")
    rule.from_port = int(wanted["FromPort"]) if ports else None
    rule.to_port = int(wanted["ToPort"]) if ports else None
    value, note = wanted[kinds[0]], {"Description": wanted.get("Description", "")}
    match kinds[0]:
        case "PrefixListId":
            rule.prefix_list_id, rule.note = value, note["Description"]
        case "ReferencedGroupId":
            rule.source_group |= {"GroupId": value, **note}
        case family:
            rule.ip_range = {"CidrIp" if family == "CidrIpv4" else family: value, **note}
