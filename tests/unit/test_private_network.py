import ipaddress
import json
import re

import pytest

from components.names import Names
from components.settings import parse
from components.vpc_endpoints import Call, gateway_policy, interface_policy
from components.warehouse_policies import LOADER_CALLS
from tests.unit.graph_support import behind, named, names_of, of_type
from tests.unit.iam_lint_support import lint_endpoint_policy
from tests.unit.recorder import PROJECT, STACKS, Registration, recorded, stack_config

NAMES = Names.of(parse("prod", stack_config("prod")))


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def endpoints(stack: str, kind: str) -> list[Registration]:
    return [one for one in of_type(stack, "VpcEndpoint") if one.inputs["vpcEndpointType"] == kind]


def test_nothing_leads_to_the_internet(stack: str) -> None:
    ways_out = {"InternetGateway", "NatGateway", "EgressOnlyInternetGateway", "Route", "Eip", "VpnGateway"}
    assert not {one.short_type for one in recorded(stack)} & ways_out
    for table in of_type(stack, "RouteTable"):
        assert "routes" not in table.inputs
    for subnet in of_type(stack, "Subnet"):
        assert subnet.inputs["mapPublicIpOnLaunch"] is False
    for rule in of_type(stack, "SecurityGroupEgressRule") + of_type(stack, "SecurityGroupIngressRule"):
        cidr = rule.inputs.get("cidrIpv4")
        assert cidr is None or ipaddress.ip_network(cidr).is_private
        assert "cidrIpv6" not in rule.inputs


def test_subnets_lie_in_different_zones_of_the_region_and_have_a_route_table_each(stack: str) -> None:
    subnets = of_type(stack, "Subnet")
    wanted = stack_config(stack)[f"{PROJECT}:network"]["private_subnet_cidrs"]
    assert sorted(one.inputs["cidrBlock"] for one in subnets) == sorted(wanted)
    zones = [one.inputs["availabilityZone"] for one in subnets]
    assert len(set(zones)) == len(zones) >= 2
    assert all(re.fullmatch(r"eu-west-1[a-z]", zone) for zone in zones)
    joined = [
        names_of(stack, one.property_dependencies["subnetId"])
        | names_of(stack, one.property_dependencies["routeTableId"])
        for one in of_type(stack, "RouteTableAssociation")
    ]
    letters = sorted(zone[-1] for zone in zones)
    expected = [{f"network-{letter}-subnet", f"network-{letter}-routes"} for letter in letters]
    assert sorted(map(sorted, joined)) == sorted(map(sorted, expected))


def test_names_resolve_inside_and_the_default_group_admits_nobody(stack: str) -> None:
    network = named(stack, "network-vpc").inputs
    assert network["enableDnsSupport"] is network["enableDnsHostnames"] is True
    group = named(stack, "network-default-group").inputs
    assert group["ingress"] == group["egress"] == []


def test_s3_has_a_gateway_in_every_route_table(stack: str) -> None:
    (gateway,) = endpoints(stack, "Gateway")
    assert gateway.inputs["serviceName"] == "com.amazonaws.eu-west-1.s3"
    tables = {one.name for one in of_type(stack, "RouteTable")}
    assert names_of(stack, gateway.property_dependencies["routeTableIds"]) == tables


def test_every_service_a_guest_calls_has_an_endpoint_and_no_other(stack: str) -> None:
    found = {one.inputs["serviceName"].rpartition(".")[2] for one in endpoints(stack, "Interface")}
    assert found == {call.endpoint for call in LOADER_CALLS}
    assert {"kms", "logs", "monitoring", "secretsmanager", "glue", "sts"} <= found


def test_what_runs_inside_may_call_no_service_without_an_endpoint(stack: str) -> None:
    """Jobs with a connection, and the cluster's role: their actions' services all have a way out."""
    services = {one.inputs["serviceName"].rpartition(".")[2] for one in of_type(stack, "VpcEndpoint")}
    inside = {
        one.inputs["roleArn"].rpartition("/")[2]
        for one in of_type(stack, "Job")
        if "connections" in one.inputs
    }
    inside |= {arn.rpartition("/")[2] for arn in named(stack, "warehouse-cluster").inputs["iamRoles"]}
    asked = set()
    for one in of_type(stack, "RolePolicy"):
        if one.inputs["role"] in inside:
            for statement in json.loads(one.inputs["policy"])["Statement"]:
                asked |= {action.partition(":")[0] for action in statement["Action"]}
    asked.remove("ec2")  # by which Glue itself makes a job's way in, before anything is inside
    assert asked, "the cluster's role may do something"
    assert {"monitoring" if service == "cloudwatch" else service for service in asked} <= services


def test_interface_endpoints_answer_under_the_services_own_names_to_https_from_inside(stack: str) -> None:
    settings = stack_config(stack)[f"{PROJECT}:network"]
    zones = len(settings["private_subnet_cidrs"]) if settings.get("endpoints_in_every_zone", True) else 1
    for one in endpoints(stack, "Interface"):
        assert one.inputs["privateDnsEnabled"] is True
        assert len(one.inputs["subnetIds"]) == zones
        assert names_of(stack, one.property_dependencies["securityGroupIds"]) == {"network-endpoint-group"}
    rule = named(stack, "network-endpoint-https").inputs
    assert rule["cidrIpv4"] == settings["vpc_cidr"]
    assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)
    admitted = [
        one
        for one in of_type(stack, "SecurityGroupIngressRule")
        if names_of(stack, one.property_dependencies["securityGroupId"]) == {"network-endpoint-group"}
    ]
    assert [one.name for one in admitted] == ["network-endpoint-https"]


def test_endpoint_policies_lint_clean_and_admit_this_account_only(stack: str) -> None:
    account = stack_config(stack)[f"{PROJECT}:account_id"]
    for one in of_type(stack, "VpcEndpoint"):
        policy = json.loads(one.inputs["policy"])
        assert list(lint_endpoint_policy(policy)) == [], one.name
        for statement in policy["Statement"]:
            if statement["Sid"] == "ReadWhatGlueShips":
                assert statement["Action"] == ["s3:GetObject"]
                continue
            assert statement["Condition"]["StringEquals"]["aws:PrincipalAccount"] == account, one.name


def test_the_s3_gateway_reaches_the_platforms_buckets_and_reads_what_glue_ships() -> None:
    found = {one["Sid"]: one for one in gateway_policy(NAMES)["Statement"]}
    lake, artifacts = (f"arn:aws:s3:::energy-trading-datalake-prod{suffix}" for suffix in ("", "-artifacts"))
    assert found["UseObjects"]["Resource"] == [f"{lake}/*", f"{artifacts}/*"]
    assert found["UseObjects"]["Condition"]["StringEquals"]["aws:ResourceAccount"] == NAMES.account
    assert "s3:PutObject" not in found["ReadWhatGlueShips"]["Action"]
    assert "arn:aws:s3:::aws-glue-*/*" in found["ReadWhatGlueShips"]["Resource"]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (Call("kms", ("kms:Decript",), lambda _: ["*"]), "no action kms:Decript"),
        (Call("kms", ("kms:*",), lambda _: ["*"]), "no action kms:*"),
        (Call("kms", ("kms:Decrypt",), lambda _: ["arn:aws:s3:::b"]), "fits none"),
    ],
)
def test_a_wrong_call_is_found(call: Call, problem: str) -> None:
    assert any(problem in found for found in lint_endpoint_policy(interface_policy(NAMES, [call])))


def test_all_traffic_is_logged_to_an_encrypted_group(stack: str) -> None:
    flow = named(stack, "network-flow-log")
    assert flow.inputs["trafficType"] == "ALL"
    group = named(stack, "network-flow-log-group")
    assert flow.inputs["logDestination"].endswith(f":log-group:{group.inputs['name']}")
    assert {"network-flow-log-group", "network-flow-log-policy"} <= names_of(stack, flow.dependencies)
    assert names_of(stack, group.property_dependencies["kmsKeyId"]) == {"keys-logs-key"}


def test_the_warehouse_waits_for_its_way_to_s3(stack: str) -> None:
    before = behind(stack, named(stack, "warehouse-cluster"))
    assert {"network-s3-endpoint", "warehouse-access-warehouse-to-s3"} <= before


def test_dev_pays_for_endpoints_in_one_zone_only() -> None:
    def places(stack: str) -> int:
        return sum(len(one.inputs["subnetIds"]) for one in endpoints(stack, "Interface"))

    services = len({call.endpoint for call in LOADER_CALLS})
    assert (places("dev"), places("prod")) == (services, 3 * services)
