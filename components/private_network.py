"""The private network: no internet, subnets over several zones, and doors to AWS's services only."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import cloudwatch, ec2

from components.iam import flow_log_policy, flow_log_trust
from components.names import Names
from components.security_groups import SecurityGroups
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags
from components.vpc_endpoints import GATEWAY_SERVICE, Call, gateway_policy, interface_policy

FLOW_LOG_ROLE = "flow-logs"
HTTPS = 443
_COMPONENT = "network"


@dataclass(frozen=True)
class PrivateNetworkArgs:
    """What the network is for: `calls` are what its guests ask of AWS; `logs_key_arn` encrypts its logs."""

    settings: Settings
    names: Names
    calls: Sequence[Call]
    logs_key_arn: Input[str]


class PrivateNetwork(ComponentResource):
    """A VPC with private subnets, endpoints with scoped policies, flow logs and a closed default group.

    Nothing routes out: no internet gateway, no NAT.
    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-best-practices.html
    """

    def __init__(self, name: str, args: PrivateNetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:network:PrivateNetwork", name, None, opts)
        self._args, self._tags = args, tags(args.settings, _COMPONENT)
        child = ResourceOptions(parent=self)
        self._vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=args.settings.network.vpc_cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._named("vpc"),
            opts=child,
        )
        self.vpc_id: Output[str] = self._vpc.id
        # With no rules of its own declared, everything AWS put into the default group is taken out.
        ec2.DefaultSecurityGroup(
            f"{name}-default-group", vpc_id=self.vpc_id, ingress=[], egress=[], tags=self._tags, opts=child
        )
        self._flow_logs(name)
        subnets, tables = self._subnets(name)
        self.subnet_ids: list[Output[str]] = [subnet.id for subnet in subnets]
        gateway = ec2.VpcEndpoint(
            f"{name}-{GATEWAY_SERVICE}-endpoint",
            vpc_id=self.vpc_id,
            vpc_endpoint_type="Gateway",
            service_name=args.names.endpoint_service(GATEWAY_SERVICE),
            route_table_ids=[table.id for table in tables],
            policy=json.dumps(gateway_policy(args.names)),
            tags=self._named(GATEWAY_SERVICE),
            opts=child,
        )
        self.s3_prefix_list_id: Output[str] = gateway.prefix_list_id
        self.endpoint_group_id: Output[str]
        endpoints = self._endpoints(name)
        self.ready: list[pulumi.Resource] = [*subnets, gateway, *endpoints]
        self.register_outputs({"vpc_id": self.vpc_id, "subnet_ids": self.subnet_ids})

    def _named(self, part: str) -> dict[str, str]:
        """Return the tags with the name that consoles show."""
        return {**self._tags, "Name": f"{self._args.names.prefix}-{part}"}

    def _subnets(self, name: str) -> tuple[list[ec2.Subnet], list[ec2.RouteTable]]:
        """Make a subnet a zone, each with a route table that knows the network itself only."""
        network, region = self._args.settings.network, self._args.names.region
        subnets, tables = [], []
        for letter, cidr in zip(network.availability_zones, network.private_subnet_cidrs, strict=False):
            subnet = ec2.Subnet(
                f"{name}-{letter}-subnet",
                vpc_id=self.vpc_id,
                cidr_block=cidr,
                availability_zone=f"{region}{letter}",
                map_public_ip_on_launch=False,
                tags=self._named(f"private-{letter}"),
                opts=ResourceOptions(parent=self),
            )
            table = ec2.RouteTable(
                f"{name}-{letter}-routes",
                vpc_id=self.vpc_id,
                tags=self._named(f"private-{letter}"),
                opts=ResourceOptions(parent=self),
            )
            ec2.RouteTableAssociation(
                f"{name}-{letter}-association",
                subnet_id=subnet.id,
                route_table_id=table.id,
                opts=ResourceOptions(parent=self),
            )
            subnets.append(subnet)
            tables.append(table)
        return subnets, tables

    def _endpoints(self, name: str) -> list[pulumi.Resource]:
        """Make an interface endpoint for every service that is called, with its calls as its policy."""
        args = self._args
        groups = SecurityGroups(name, self.vpc_id, self._tags, self)
        group = groups.group(
            "endpoint-group",
            f"{args.names.prefix}-endpoints",
            "Interface endpoints: HTTPS from the network itself",
        )
        self.endpoint_group_id = group.id
        network = args.settings.network.vpc_cidr
        groups.admit("endpoint-https", group.id, "HTTPS from the network", cidr=network, port=HTTPS)
        zones = len(self.subnet_ids) if args.settings.network.endpoints_in_every_zone else 1
        services: dict[str, list[Call]] = {}
        for call in args.calls:
            services.setdefault(call.endpoint, []).append(call)
        return [
            ec2.VpcEndpoint(
                f"{name}-{service}-endpoint",
                vpc_id=self.vpc_id,
                vpc_endpoint_type="Interface",
                service_name=args.names.endpoint_service(service),
                private_dns_enabled=True,
                subnet_ids=self.subnet_ids[:zones],
                security_group_ids=[group.id],
                policy=json.dumps(interface_policy(args.names, services[service])),
                tags=self._named(service),
                opts=ResourceOptions(parent=self),
            )
            for service in sorted(services)
        ]

    def _flow_logs(self, name: str) -> None:
        args = self._args
        group = cloudwatch.LogGroup(
            f"{name}-flow-log-group",
            name=args.names.flow_log_group,
            kms_key_id=args.logs_key_arn,
            retention_in_days=args.settings.network.flow_log_days,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        role = service_role(
            f"{name}-flow-log",
            args.names,
            FLOW_LOG_ROLE,
            purpose="Lets the network's flow logs reach their log group",
            trust=flow_log_trust(args.names),
            grant="write-flow-logs",
            policy=flow_log_policy(args.names),
            tags=self._tags,
            parent=self,
        )
        ec2.FlowLog(
            f"{name}-flow-log",
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=args.names.log_group_arn(args.names.flow_log_group),
            iam_role_arn=args.names.role_arn(FLOW_LOG_ROLE),
            max_aggregation_interval=600,
            tags=self._named("flow-log"),
            opts=ResourceOptions(parent=self, depends_on=[group, *role]),
        )
