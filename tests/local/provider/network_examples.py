"""Examples of networks and security groups."""

from __future__ import annotations

import json

from tests.local.provider.example_support import Example, Inputs

VPC = {
    "vpc": (
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": "10.20.0.0/16", "enableDnsHostnames": True, "tags": {"Name": "lake"}},
    )
}
REPLICA_VPC = {"vpc": ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.30.0.0/16", "region": "eu-central-1"})}


def _subnet(zone: str, third: int) -> tuple[str, Inputs]:
    inputs = {
        "vpcId": "${vpc.id}",
        "cidrBlock": f"10.20.{third}.0/24",
        "availabilityZone": f"eu-west-1{zone}",
    }
    return ("aws:ec2/subnet:Subnet", inputs)


SUBNETS = {**VPC, "one": _subnet("a", 1), "two": _subnet("b", 2)}
TABLES = {
    name: ("aws:ec2/routeTable:RouteTable", {"vpcId": "${vpc.id}"}) for name in ("table", "other_table")
}
GROUP = {
    **VPC,
    "group": (
        "aws:ec2/securityGroup:SecurityGroup",
        {"name": "endpoints", "description": "doors", "vpcId": "${vpc.id}"},
    ),
    "peer": (
        "aws:ec2/securityGroup:SecurityGroup",
        {"name": "jobs", "description": "jobs", "vpcId": "${vpc.id}"},
    ),
}
_LOGS = {"logs": ("aws:cloudwatch/logGroup:LogGroup", {"name": "/lake/flow"})}


def _endpoint_policy(action: str) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": [action], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


_HTTPS = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "description": "https"}

EXAMPLES: dict[str, list[Example]] = {
    "aws:ec2/vpc:Vpc": [
        Example(
            {
                "cidrBlock": "10.0.0.0/16",
                "enableDnsSupport": True,
                "enableDnsHostnames": True,
                "tags": {"Name": "lake", "component": "network"},
            },
            {"enableDnsHostnames": False, "tags": {"Name": "lake-vpc"}},
        ),
        Example({"cidrBlock": "10.1.0.0/16", "region": "eu-central-1"}, {"enableDnsHostnames": True}),
    ],
    "aws:ec2/subnet:Subnet": [
        Example(
            {
                "vpcId": "${vpc.id}",
                "cidrBlock": "10.20.1.0/24",
                "availabilityZone": "eu-west-1a",
                "mapPublicIpOnLaunch": False,
                "tags": {"Name": "private-a"},
            },
            {"mapPublicIpOnLaunch": True, "tags": {"Name": "public-a", "tier": "public"}},
            VPC,
        ),
        Example(
            {
                "vpcId": "${vpc.id}",
                "cidrBlock": "10.30.1.0/24",
                "availabilityZone": "eu-central-1a",
                "region": "eu-central-1",
            },
            needs=REPLICA_VPC,
        ),
    ],
    "aws:ec2/routeTable:RouteTable": [
        Example({"vpcId": "${vpc.id}", "tags": {"Name": "private-a"}}, {"tags": {"Name": "private"}}, VPC)
    ],
    "aws:ec2/routeTableAssociation:RouteTableAssociation": [
        Example(
            {"subnetId": "${one.id}", "routeTableId": "${table.id}"},
            {"routeTableId": "${other_table.id}"},
            {**SUBNETS, **TABLES},
        )
    ],
    "aws:ec2/vpcEndpoint:VpcEndpoint": [
        Example(
            {
                "vpcId": "${vpc.id}",
                "vpcEndpointType": "Gateway",
                "serviceName": "com.amazonaws.eu-west-1.s3",
                "routeTableIds": ["${table.id}"],
                "policy": _endpoint_policy("s3:GetObject"),
                "tags": {"Name": "s3"},
            },
            {
                "routeTableIds": ["${other_table.id}"],
                "policy": _endpoint_policy("s3:PutObject"),
                "tags": {"Name": "storage"},
            },
            {**VPC, **TABLES},
        ),
        Example(
            {
                "vpcId": "${vpc.id}",
                "vpcEndpointType": "Interface",
                "serviceName": "com.amazonaws.eu-west-1.glue",
                "privateDnsEnabled": True,
                "subnetIds": ["${one.id}"],
                "securityGroupIds": ["${group.id}"],
                "policy": _endpoint_policy("glue:GetTable"),
            },
            {
                "privateDnsEnabled": False,
                "subnetIds": ["${two.id}", "${one.id}"],
                "securityGroupIds": ["${peer.id}"],
            },
            {**SUBNETS, **GROUP},
        ),
    ],
    "aws:ec2/flowLog:FlowLog": [
        Example(
            {
                "vpcId": "${vpc.id}",
                "trafficType": "ALL",
                "logDestinationType": "cloud-watch-logs",
                "logDestination": "${logs.arn}",
                "iamRoleArn": "arn:aws:iam::123456789012:role/flow-logs",
                "maxAggregationInterval": 600,
                "tags": {"Name": "flow"},
            },
            {"tags": {"Name": "flow-log"}},
            {**VPC, **_LOGS},
        )
    ],
    "aws:ec2/securityGroup:SecurityGroup": [
        Example(
            {
                "name": "lake-endpoints",
                "description": "HTTPS from the network",
                "vpcId": "${vpc.id}",
                "tags": {"Name": "endpoints"},
            },
            {"tags": {"Name": "doors"}},
            VPC,
        ),
        Example(
            {
                "name": "lake-inline",
                "vpcId": "${vpc.id}",
                "ingress": [
                    {**_HTTPS, "cidrBlocks": ["10.20.0.0/16"]},
                    {**_HTTPS, "fromPort": 5439, "toPort": 5439, "self": True},
                ],
                "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
            },
            {"ingress": [{**_HTTPS, "securityGroups": ["${peer.id}"]}], "egress": []},
            GROUP,
        ),
    ],
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": [
        Example(
            {"vpcId": "${vpc.id}", "ingress": [], "egress": [], "tags": {"Name": "closed"}},
            {"ingress": [{**_HTTPS, "cidrBlocks": ["10.20.0.0/16"]}], "tags": {}},
            VPC,
            remains=True,
        )
    ],
    "aws:ec2/defaultNetworkAcl:DefaultNetworkAcl": [
        Example(
            {
                "defaultNetworkAclId": "${vpc.defaultNetworkAclId}",
                "ingress": [],
                "egress": [],
                "tags": {"Name": "closed"},
            },
            {
                "ingress": [
                    {
                        "ruleNo": 100,
                        "action": "allow",
                        "protocol": "6",
                        "cidrBlock": "10.20.0.0/16",
                        "fromPort": 443,
                        "toPort": 443,
                    }
                ]
            },
            VPC,
            remains=True,
        )
    ],
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": [
        Example(
            {
                "securityGroupId": "${group.id}",
                "description": "https from the network",
                "cidrIpv4": "10.20.0.0/16",
                "ipProtocol": "tcp",
                "fromPort": 443,
                "toPort": 443,
                "tags": {"Name": "https"},
            },
            {"description": "https", "cidrIpv4": "10.20.1.0/24", "fromPort": 444, "toPort": 444, "tags": {}},
            GROUP,
        ),
        Example(
            {
                "securityGroupId": "${group.id}",
                "description": "from the jobs",
                "referencedSecurityGroupId": "${peer.id}",
                "ipProtocol": "-1",
            },
            {"referencedSecurityGroupId": "${group.id}", "description": "from itself"},
            GROUP,
        ),
    ],
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": [
        Example(
            {
                "securityGroupId": "${group.id}",
                "description": "to storage",
                "prefixListId": "pl-11111111",
                "ipProtocol": "tcp",
                "fromPort": 443,
                "toPort": 443,
            },
            {"prefixListId": "pl-22222222", "description": "to the storage"},
            GROUP,
        ),
        Example(
            {
                "securityGroupId": "${group.id}",
                "cidrIpv4": "10.20.0.0/16",
                "ipProtocol": "tcp",
                "fromPort": 5439,
                "toPort": 5439,
            },
            {"ipProtocol": "udp"},
            GROUP,
        ),
    ],
}
