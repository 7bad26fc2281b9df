"""Networks, subnets, routes, endpoints and flow logs (Amazon VPC)."""

from collections.abc import Callable
from typing import Any

from local.provider.paths import Lookup, pick, render
from local.provider.row import ALL, Call, Row, Step
from local.provider.scope import Scope
from local.provider.tagging import Tagging

_ARN = "arn:{partition}:ec2:{region}:{account}:"
TAGS = Tagging(
    set=Call("CreateTags", {"Resources": "{id}"}),
    member="Tags",
    inline="",
    unset=Call("DeleteTags", {"Resources": "{id}"}),
    names="Tags",
)


def filters(**wanted: str) -> Callable[[Lookup], Any]:
    """Return the filters of a listing; names are written with `_` for `-` and `__` for `.`."""

    def filled(lookup: Lookup) -> Any:
        named = {name.replace("__", ".").replace("_", "-"): text for name, text in wanted.items()}
        return [{"Name": name, "Values": [str(render(text, lookup))]} for name, text in named.items()]

    return filled


_ASSOCIATION = Call(
    "DescribeRouteTables",
    {"Filters": filters(association__subnet_id="{subnetId}")},
    at="RouteTables[0].Associations[SubnetId={subnetId}]",
)


def _association(scope: Scope) -> Any:
    """Return the identifier of what joins the subnet to a table, which changes with the table."""
    answer = scope.run(_ASSOCIATION)
    return pick(answer, f"{_ASSOCIATION.at}.RouteTableAssociationId", scope.lookup)


def _move_association(scope: Scope) -> None:
    scope.send(
        "ReplaceRouteTableAssociation",
        AssociationId=_association(scope),
        RouteTableId=scope.inputs["routeTableId"],
    )


def _delete_association(scope: Scope) -> None:
    identifier = _association(scope)
    if identifier:
        scope.send("DisassociateRouteTable", AssociationId=identifier)


# Lists that an endpoint is given additions to and removals from.
_ENDPOINT_LISTS = {
    "routeTableIds": "RouteTableIds",
    "subnetIds": "SubnetIds",
    "securityGroupIds": "SecurityGroupIds",
}
_ENDPOINT = Call(
    "DescribeVpcEndpoints",
    at="VpcEndpoints[0]",
    rename={"securityGroupIds": "Groups[*].GroupId"},
)


def _update_endpoint(scope: Scope) -> None:
    """Change an endpoint by what its lists gain and lose from what they hold now."""
    now = scope.codec.properties(scope.run(_ENDPOINT), _ENDPOINT, scope.lookup) or {}
    request: dict[str, Any] = {}
    for name, member in _ENDPOINT_LISTS.items():
        if name in scope.inputs:
            held, wanted = set(now.get(name, [])), set(scope.inputs[name])
            request |= {f"Add{member}": sorted(wanted - held), f"Remove{member}": sorted(held - wanted)}
    request = {member: items for member, items in request.items() if items}
    if scope.inputs.get("policy"):
        request["PolicyDocument"] = scope.inputs["policy"]
    else:
        request["ResetPolicy"] = True
    if scope.inputs.get("privateDnsEnabled") is not None:
        request["PrivateDnsEnabled"] = scope.inputs["privateDnsEnabled"]
    scope.send("ModifyVpcEndpoint", VpcEndpointId=scope.id, **request)


_FLOW_LOG_PLACES = {
    "vpcId": "VPC",
    "subnetId": "Subnet",
    "eniId": "NetworkInterface",
}
_FLOW_LOG_SETTINGS = (
    "deliverCrossAccountRole",
    "destinationOptions",
    "iamRoleArn",
    "logDestination",
    "logDestinationType",
    "logFormat",
    "maxAggregationInterval",
    "trafficType",
)
_FLOW_LOG = Call("CreateFlowLogs")


def _create_flow_log(scope: Scope) -> Any:
    carried = {
        name: value
        for name, value in scope.inputs.items()
        if name not in (*_FLOW_LOG_PLACES, "tags", "region")
    }
    place = next(name for name in _FLOW_LOG_PLACES if scope.inputs.get(name))
    request = scope.request(_FLOW_LOG, carried)
    request |= {"ResourceType": _FLOW_LOG_PLACES[place], "ResourceIds": [scope.inputs[place]]}
    return scope.send("CreateFlowLogs", **request)


def _flow_log_place(found: dict[str, Any]) -> dict[str, Any]:
    """Tell by a resource's identifier which of the three inputs names it."""
    prefixes = {"vpc-": "vpcId", "subnet-": "subnetId", "eni-": "eniId"}
    resource = found.pop("vpcId", "")
    name = next((name for prefix, name in prefixes.items() if resource.startswith(prefix)), None)
    return {**found, name: resource} if name else found


ROWS = (
    Row(
        token="aws:ec2/vpc:Vpc",
        service="ec2",
        id="{vpcId}",
        keys={"VpcIds": "{id}", "VpcId": "{id}"},
        create=Call("CreateVpc"),
        created={"vpcId": "Vpc.VpcId"},
        read=(
            Call("DescribeVpcs", at="Vpcs[0]"),
            Call(
                "DescribeVpcAttribute",
                {"Attribute": "enableDnsSupport"},
                take={"enableDnsSupport": "EnableDnsSupport.Value"},
            ),
            Call(
                "DescribeVpcAttribute",
                {"Attribute": "enableDnsHostnames"},
                take={"enableDnsHostnames": "EnableDnsHostnames.Value"},
            ),
            Call(
                "DescribeSecurityGroups",
                {"Filters": filters(vpc_id="{id}", group_name="default")},
                take={"defaultSecurityGroupId": "SecurityGroups[0].GroupId"},
            ),
            Call(
                "DescribeNetworkAcls",
                {"Filters": filters(vpc_id="{id}", default="true")},
                take={"defaultNetworkAclId": "NetworkAcls[0].NetworkAclId"},
            ),
            Call(
                "DescribeRouteTables",
                {"Filters": filters(vpc_id="{id}", association__main="true")},
                take={
                    "mainRouteTableId": "RouteTables[0].RouteTableId",
                    "defaultRouteTableId": "RouteTables[0].RouteTableId",
                },
            ),
        ),
        steps=(
            Step(
                ("enableDnsSupport",),
                Call("ModifyVpcAttribute", {"EnableDnsSupport.Value": "{enableDnsSupport}"}),
            ),
            Step(
                ("enableDnsHostnames",),
                Call("ModifyVpcAttribute", {"EnableDnsHostnames.Value": "{enableDnsHostnames|false}"}),
            ),
        ),
        delete=Call("DeleteVpc"),
        tags=TAGS,
        replace=(ALL,),
        in_place=("enableDnsSupport", "enableDnsHostnames"),
        rename={"assignGeneratedIpv6CidrBlock": ""},
        defaults={"enableDnsSupport": True, "instanceTenancy": "default"},
        outputs={"arn": _ARN + "vpc/{id}", "ownerId": "{account}"},
        gone=("InvalidVpcID.NotFound",),
    ),
    Row(
        token="aws:ec2/subnet:Subnet",
        service="ec2",
        id="{subnetId}",
        keys={"SubnetIds": "{id}", "SubnetId": "{id}"},
        create=Call("CreateSubnet"),
        created={"subnetId": "Subnet.SubnetId"},
        read=Call("DescribeSubnets", at="Subnets[0]", rename={"arn": "SubnetArn"}),
        steps=(
            Step(
                ("mapPublicIpOnLaunch",),
                Call("ModifySubnetAttribute", {"MapPublicIpOnLaunch.Value": "{mapPublicIpOnLaunch|false}"}),
            ),
        ),
        delete=Call("DeleteSubnet"),
        tags=TAGS,
        replace=(ALL,),
        in_place=("mapPublicIpOnLaunch",),
        defaults={"mapPublicIpOnLaunch": False},
        outputs={"arn": _ARN + "subnet/{id}", "ownerId": "{account}"},
        gone=("InvalidSubnetID.NotFound",),
    ),
    Row(
        token="aws:ec2/routeTable:RouteTable",
        service="ec2",
        id="{tableId}",
        keys={"RouteTableIds": "{id}", "RouteTableId": "{id}"},
        create=Call("CreateRouteTable"),
        created={"tableId": "RouteTable.RouteTableId"},
        read=Call("DescribeRouteTables", at="RouteTables[0]"),
        delete=Call("DeleteRouteTable"),
        tags=TAGS,
        replace=("vpcId",),
        # Routes of their own belong in resources of their own.
        rename={"routes": "", "propagatingVgws": ""},
        outputs={"arn": _ARN + "route-table/{id}", "ownerId": "{account}"},
        gone=("InvalidRouteTableID.NotFound",),
    ),
    Row(
        token="aws:ec2/routeTableAssociation:RouteTableAssociation",
        service="ec2",
        id="{associationId}",
        create=Call("AssociateRouteTable"),
        created={"associationId": "AssociationId"},
        read=_ASSOCIATION,
        update=_move_association,
        delete=_delete_association,
        replace=("subnetId",),
        rename={"gatewayId": ""},
        custom=("routeTableId",),
    ),
    Row(
        token="aws:ec2/vpcEndpoint:VpcEndpoint",
        service="ec2",
        id="{endpointId}",
        keys={"VpcEndpointIds": "{id}"},
        create=Call("CreateVpcEndpoint"),
        created={"endpointId": "VpcEndpoint.VpcEndpointId"},
        read=(
            _ENDPOINT,
            Call(
                "DescribePrefixLists",
                {"Filters": filters(prefix_list_name="{serviceName}")},
                take={"prefixListId": "PrefixLists[0].PrefixListId", "cidrBlocks": "PrefixLists[0].Cidrs"},
            ),
        ),
        update=_update_endpoint,
        delete=Call("DeleteVpcEndpoints"),
        tags=TAGS,
        replace=(ALL,),
        in_place=("policy", "privateDnsEnabled", *_ENDPOINT_LISTS),
        rename={
            "policy": "PolicyDocument",
            "autoAccept": "",
            "dnsOptions": "",
            "ipAddressType": "",
            "subnetConfigurations": "",
        },
        defaults={"vpcEndpointType": "Gateway"},
        volatile=("networkInterfaceIds", "dnsEntries"),
        unordered=("routeTableIds", "subnetIds", "securityGroupIds"),
        outputs={"arn": _ARN + "vpc-endpoint/{id}", "ownerId": "{account}"},
        gone=("InvalidVpcEndpointId.NotFound",),
        # An endpoint is still listed for a while after its deletion.
        gone_when={"State": "deleted"},
    ),
    Row(
        token="aws:ec2/flowLog:FlowLog",
        service="ec2",
        id="{flowLogId}",
        keys={"FlowLogIds": "{id}"},
        create=_create_flow_log,
        created={"flowLogId": "FlowLogIds[0]"},
        read=Call("DescribeFlowLogs", at="FlowLogs[0]", rename={"vpcId": "ResourceId"}),
        delete=Call("DeleteFlowLogs"),
        tags=TAGS,
        replace=(ALL,),
        custom=(*_FLOW_LOG_PLACES, *_FLOW_LOG_SETTINGS),
        rename={"iamRoleArn": "DeliverLogsPermissionArn"},
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        decode=_flow_log_place,
        outputs={"arn": _ARN + "vpc-flow-log/{id}"},
        gone=("InvalidFlowLogId.NotFound",),
    ),
)
