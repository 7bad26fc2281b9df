"""Security groups, their rules, and what every network has by default (Amazon VPC)."""

from typing import Any, Literal

from local.provider.errors import ProviderError
from local.provider.row import Call, Name, Row, Step
from local.provider.rows.ec2_network import TAGS, filters
from local.provider.scope import Scope

Direction = Literal["Ingress", "Egress"]
_ARN = "arn:{partition}:ec2:{region}:{account}:"
_DIRECTIONS: tuple[tuple[str, Direction, str], ...] = (
    ("ingress", "Ingress", "IpPermissions"),
    ("egress", "Egress", "IpPermissionsEgress"),
)
# A rule's sources: the property, AWS's list of them, the member that names one.
_SOURCES = (
    ("cidrBlocks", "IpRanges", "CidrIp"),
    ("ipv6CidrBlocks", "Ipv6Ranges", "CidrIpv6"),
    ("prefixListIds", "PrefixListIds", "PrefixListId"),
    ("securityGroups", "UserIdGroupPairs", "GroupId"),
)
_RULE_SOURCES = {
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "referencedSecurityGroupId": "ReferencedGroupId",
}


def _group(scope: Scope) -> dict[str, Any]:
    groups = scope.send("DescribeSecurityGroups", GroupIds=[scope.id])["SecurityGroups"]
    return dict(groups[0])


def _permission(scope: Scope, rule: dict[str, Any]) -> dict[str, Any]:
    """Return an inline rule as AWS writes it."""
    permission: dict[str, Any] = {"IpProtocol": str(rule["protocol"])}
    if permission["IpProtocol"] not in ("-1", "all"):
        permission |= {"FromPort": int(rule["fromPort"]), "ToPort": int(rule["toPort"])}
    note = {"Description": rule["description"]} if rule.get("description") else {}
    for name, listing, member in _SOURCES:
        items = list(rule.get(name) or [])
        if name == "securityGroups" and rule.get("self"):
            items.append(scope.id)
        if items:
            permission[listing] = [{member: item, **note} for item in items]
    return permission


def _set_rules(scope: Scope) -> None:
    """Give a group just the inline rules of the program, which takes out what AWS puts in by itself."""
    group = _group(scope)
    for name, direction, listing in _DIRECTIONS:
        if group.get(listing):
            scope.send(f"RevokeSecurityGroup{direction}", GroupId=scope.id, IpPermissions=group[listing])
        wanted = [_permission(scope, rule) for rule in scope.inputs.get(name) or []]
        if wanted:
            scope.send(f"AuthorizeSecurityGroup{direction}", GroupId=scope.id, IpPermissions=wanted)


def _inline(scope: Scope, group: dict[str, Any], listing: str) -> list[dict[str, Any]]:
    rules = []
    for permission in group.get(listing, []):
        rule: dict[str, Any] = {
            "protocol": permission["IpProtocol"],
            "fromPort": permission.get("FromPort", 0),
            "toPort": permission.get("ToPort", 0),
        }
        for name, members, member in _SOURCES:
            items = [item[member] for item in permission.get(members, [])]
            notes = [item["Description"] for item in permission.get(members, []) if item.get("Description")]
            if name == "securityGroups" and scope.id in items:
                items.remove(str(scope.id))
                rule["self"] = True
            rule |= {name: items} if items else {}
            rule |= {"description": notes[0]} if notes else {}
        rules.append(rule)
    return rules


def _read_group(scope: Scope) -> dict[str, Any] | None:
    """Read a group, with its rules only when the program gives them inline, not as resources."""
    groups = scope.pages("DescribeSecurityGroups", Filters=filters(group_id="{id}")(scope.lookup))
    call = Call("DescribeSecurityGroups", at="SecurityGroups[0]", rename={"name": "GroupName"})
    found = scope.codec.properties(groups, call, scope.lookup)
    if found is None:
        return None
    scope.held = groups["SecurityGroups"][0]
    rules = {name: _inline(scope, dict(scope.held), listing) for name, _, listing in _DIRECTIONS}
    return found | {name: rule for name, rule in rules.items() if scope.inputs.get(name) is not None}


def _adopt_default_group(scope: Scope) -> Any:
    """Take over the group that came with the network."""
    wanted = filters(vpc_id="{vpcId}", group_name="default")(scope.lookup)
    scope.id = scope.send("DescribeSecurityGroups", Filters=wanted)["SecurityGroups"][0]["GroupId"]
    _set_rules(scope)
    return {"GroupId": scope.id}


def _adopt_default_acl(scope: Scope) -> Any:
    scope.id = scope.inputs["defaultNetworkAclId"]
    _set_entries(scope)
    return {}


# The last entry of every list, which AWS keeps.
_LAST_RULE = 32767


def _acl(scope: Scope) -> dict[str, Any] | None:
    try:
        return dict(scope.send("DescribeNetworkAcls", NetworkAclIds=[scope.id])["NetworkAcls"][0])
    except ProviderError as error:
        if not scope.is_gone(error):
            raise
        return None


def _set_entries(scope: Scope) -> None:
    """Give a list of entries just those of the program."""
    for entry in (_acl(scope) or {})["Entries"]:
        if entry["RuleNumber"] < _LAST_RULE:
            scope.send(
                "DeleteNetworkAclEntry",
                NetworkAclId=scope.id,
                RuleNumber=entry["RuleNumber"],
                Egress=entry["Egress"],
            )
    for name in ("ingress", "egress"):
        for rule in scope.inputs.get(name) or []:
            entry = {
                "NetworkAclId": scope.id,
                "RuleNumber": rule["ruleNo"],
                "RuleAction": rule["action"],
                "Protocol": str(rule["protocol"]),
                "Egress": name == "egress",
            }
            entry |= {"CidrBlock": rule["cidrBlock"]} if rule.get("cidrBlock") else {}
            entry |= {"Ipv6CidrBlock": rule["ipv6CidrBlock"]} if rule.get("ipv6CidrBlock") else {}
            if entry["Protocol"] not in ("-1", "all"):
                entry["PortRange"] = {"From": rule["fromPort"], "To": rule["toPort"]}
            scope.send("CreateNetworkAclEntry", **entry)


def _read_acl(scope: Scope) -> dict[str, Any] | None:
    acl = _acl(scope)
    if acl is None:
        return None
    scope.held = acl
    found: dict[str, Any] = {"vpcId": acl["VpcId"], "defaultNetworkAclId": acl["NetworkAclId"]}
    for name in ("ingress", "egress"):
        entries = [e for e in acl["Entries"] if e["Egress"] == (name == "egress")]
        found[name] = [
            {
                "ruleNo": entry["RuleNumber"],
                "action": entry["RuleAction"],
                "protocol": entry["Protocol"],
                "cidrBlock": entry.get("CidrBlock"),
                "ipv6CidrBlock": entry.get("Ipv6CidrBlock"),
                "fromPort": entry.get("PortRange", {}).get("From", 0),
                "toPort": entry.get("PortRange", {}).get("To", 0),
            }
            for entry in entries
            if entry["RuleNumber"] < _LAST_RULE
        ]
    return found


def _authorize(scope: Scope) -> Any:
    """Add one rule to a group."""
    given = scope.inputs
    rule = {"protocol": given["ipProtocol"], "description": given.get("description")}
    rule |= {name: given[name] for name in ("fromPort", "toPort") if name in given}
    sources = zip(
        _RULE_SOURCES, ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups"), strict=True
    )
    rule |= {plural: [given[name]] for name, plural in sources if given.get(name)}
    direction = "Ingress" if "Ingress" in scope.row.token else "Egress"
    return scope.send(
        f"AuthorizeSecurityGroup{direction}",
        GroupId=given["securityGroupId"],
        IpPermissions=[_permission(scope, rule)],
    )


def _modify_rule(scope: Scope) -> None:
    given = scope.inputs
    rule = {member: given[name] for name, member in _RULE_SOURCES.items() if given.get(name)}
    rule |= {"IpProtocol": given["ipProtocol"], "Description": given.get("description") or ""}
    ports = {"FromPort": given.get("fromPort"), "ToPort": given.get("toPort")}
    rule |= {member: port for member, port in ports.items() if port is not None}
    change = {"SecurityGroupRuleId": scope.id, "SecurityGroupRule": rule}
    scope.send("ModifySecurityGroupRules", GroupId=given["securityGroupId"], SecurityGroupRules=[change])


def _without_ports(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out the ports of a rule for all protocols, which AWS tells as -1."""
    return {key: value for key, value in found.items() if key not in ("fromPort", "toPort") or value != -1}


def _rule(direction: Direction) -> Row:
    name = f"SecurityGroup{direction}Rule"
    return Row(
        token=f"aws:vpc/securityGroup{direction}Rule:{name}",
        service="ec2",
        id="{securityGroupRuleId}",
        keys={"SecurityGroupRuleIds": "{id}"},
        create=_authorize,
        created={"securityGroupRuleId": "SecurityGroupRules[0].SecurityGroupRuleId"},
        read=Call(
            "DescribeSecurityGroupRules",
            at="SecurityGroupRules[0]",
            rename={
                "referencedSecurityGroupId": "ReferencedGroupInfo.GroupId",
                "securityGroupId": "GroupId",
                "arn": "SecurityGroupRuleArn",
            },
        ),
        update=_modify_rule,
        delete=Call(f"RevokeSecurityGroup{direction}", {"GroupId": "{securityGroupId}"}),
        tags=TAGS,
        replace=("securityGroupId",),
        custom=("ipProtocol", "fromPort", "toPort", "description", "securityGroupId", *_RULE_SOURCES),
        decode=_without_ports,
        outputs={"arn": _ARN + "security-group-rule/{id}"},
        gone=("InvalidSecurityGroupRuleId.NotFound", "InvalidGroup.NotFound"),
    )


ROWS = (
    Row(
        token="aws:ec2/securityGroup:SecurityGroup",
        service="ec2",
        id="{groupId}",
        keys={"GroupId": "{id}"},
        name=Name(),
        create=Call("CreateSecurityGroup", rename={"name": "GroupName"}),
        created={"groupId": "GroupId"},
        read=_read_group,
        # The description is always there, so every group loses the rule that AWS gives a new one.
        steps=(Step(("description", "ingress", "egress"), _set_rules),),
        delete=Call("DeleteSecurityGroup"),
        tags=TAGS,
        replace=("name", "description", "vpcId"),
        custom=("ingress", "egress"),
        kept=("revokeRulesOnDelete",),
        defaults={"description": "Managed by Pulumi", "revokeRulesOnDelete": False},
        unordered=("ingress", "egress"),
        outputs={"arn": _ARN + "security-group/{id}", "ownerId": "{account}"},
        gone=("InvalidGroup.NotFound",),
    ),
    Row(
        token="aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        service="ec2",
        id="{groupId}",
        create=_adopt_default_group,
        created={"groupId": "GroupId"},
        read=_read_group,
        update=_set_rules,
        # It lives as long as its network.
        delete=None,
        tags=TAGS,
        replace=("vpcId",),
        custom=("ingress", "egress", "vpcId"),
        kept=("revokeRulesOnDelete",),
        defaults={"revokeRulesOnDelete": False},
        unordered=("ingress", "egress"),
        outputs={"arn": _ARN + "security-group/{id}", "ownerId": "{account}"},
        gone=("InvalidGroup.NotFound",),
    ),
    Row(
        token="aws:ec2/defaultNetworkAcl:DefaultNetworkAcl",
        service="ec2",
        id="{defaultNetworkAclId}",
        create=_adopt_default_acl,
        read=_read_acl,
        update=_set_entries,
        # It lives as long as its network.
        delete=None,
        tags=TAGS,
        replace=("defaultNetworkAclId",),
        custom=("ingress", "egress", "defaultNetworkAclId"),
        rename={"subnetIds": ""},
        unordered=("ingress", "egress"),
        outputs={"arn": _ARN + "network-acl/{id}", "ownerId": "{account}"},
        gone=("InvalidNetworkAclID.NotFound",),
    ),
    _rule("Ingress"),
    _rule("Egress"),
)
