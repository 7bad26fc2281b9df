from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import endpoint_policy, joined, network, put, setting_forms, warehouse
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import replaced

_BASE = network()
_WORLD = "0.0.0.0/0"


def _with(*more: Res, base: list[Res] | None = None) -> list[Res]:
    return [*(_BASE if base is None else base), *more]


def _old_rule(kind: str, **props: Any) -> Res:
    made = {"type": kind, "protocol": "tcp", "fromPort": 443, "toPort": 443, "description": "d", **props}
    return joined("aws:ec2/securityGroupRule:SecurityGroupRule", "old-rule", made, securityGroupId="group")


def _acl(**props: Any) -> list[Res]:
    made = {
        "protocol": "tcp",
        "ruleAction": "allow",
        "fromPort": 443,
        "toPort": 443,
        "cidrBlock": _WORLD,
        **props,
    }
    return _with(Res("aws:ec2/networkAclRule:NetworkAclRule", "acl-rule", made))


def _inline_acl(**props: Any) -> list[Res]:
    block = {
        "protocol": "-1",
        "action": "allow",
        "fromPort": 0,
        "toPort": 0,
        "cidrBlock": "10.0.0.0/16",
        **props,
    }
    return _with(Res("aws:ec2/networkAcl:NetworkAcl", "acl", {"ingress": [block]}))


GATEWAY = Res("aws:ec2/internetGateway:InternetGateway", "gateway", {"id": UNKNOWN})
OUT = joined(
    "aws:ec2/route:Route", "out", {"destinationCidrBlock": _WORLD}, routeTableId="routes", gatewayId="gateway"
)
_OPEN_INLINE = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": [_WORLD], "description": "d"}
_SERVICE = Res("aws:ec2/vpcEndpointService:VpcEndpointService", "service", {"acceptanceRequired": True})
_HOUSE = warehouse()

CASES: dict[str, Forms] = {
    "DL-NET-01": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(replaced(_BASE, "flow-log"), "vpc", "no flow log"),
            fails(put(_BASE, "flow-log", "trafficType", "REJECT"), "flow-log", "REJECT"),
        ],
        "unknown": [
            unverified(put(_BASE, "flow-log", "vpcId", UNKNOWN, ["key"]), "vpc"),
            unverified(put(_BASE, "flow-log", "trafficType", UNKNOWN, ["key"]), "flow-log"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": Absent("a flow log is always a resource of its own"),
    },
    "DL-NET-02": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(replaced(_BASE, "default-group"), "vpc", "default security group"),
            fails(put(_BASE, "default-group", "ingress", [_OPEN_INLINE]), "default-group", "ingress"),
        ],
        "unknown": [unverified(put(_BASE, "default-group", "vpcId", UNKNOWN, ["key"]), "vpc")],
        "legacy": NO_LEGACY,
        "sidecar": Absent("the default group is always a resource of its own"),
    },
    "DL-NET-03": {
        "pass": [passes(_BASE)],
        "fail": [fails(_with(Res("aws:ec2/defaultVpc:DefaultVpc", "default", {})), "default", "public")],
        "unknown": Absent("nothing is read but the type"),
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-NET-04": setting_forms(_BASE, "subnet-a", "mapPublicIpOnLaunch", bad=[True], good=[False]),
    "DL-NET-05": {
        "pass": [passes(_HOUSE), passes([*_HOUSE, GATEWAY])],
        "fail": [
            fails([*_HOUSE, GATEWAY, OUT], "subnet-group", "subnet-a"),
            fails(
                put([*_HOUSE, GATEWAY], "routes", "routes", [{"cidrBlock": _WORLD, "gatewayId": "igw-0a"}]),
                "subnet-group",
            ),
        ],
        "unknown": [unverified(put(_HOUSE, "subnet-group", "subnetIds", UNKNOWN, ["key"]), "subnet-group")],
        "legacy": NO_LEGACY,
        "sidecar": [fails([*_HOUSE, GATEWAY, OUT], "endpoint-kms", "subnet-a")],
    },
    "DL-NET-06": {
        "pass": [passes(_acl()), passes(_inline_acl())],
        "fail": [
            fails(_acl(protocol="-1"), "acl-rule", "every port"),
            fails(_acl(fromPort=20, toPort=25), "acl-rule", "port 20 and 21 and 22"),
            fails(_acl(fromPort=21, toPort=21), "acl-rule", "port 21"),
        ],
        "unknown": [unverified(_acl(cidrBlock=UNKNOWN), "acl-rule")],
        "legacy": NO_LEGACY,
        "sidecar": [fails(_inline_acl(cidrBlock=_WORLD), "acl", "every port")],
    },
    "DL-NET-07": {
        "pass": [passes(_BASE), passes(_with(_old_rule("ingress", cidrBlocks=["10.0.0.0/8"])))],
        "fail": [
            fails(put(_BASE, "ingress", "cidrIpv4", _WORLD), "ingress", "port 5432"),
            fails(put(_BASE, "ingress", "cidrIpv6", "::/0"), "ingress", "::/0"),
            fails(
                put(
                    put(put(_BASE, "ingress", "cidrIpv4", _WORLD), "ingress", "fromPort", 20),
                    "ingress",
                    "toPort",
                    30,
                ),
                "ingress",
                "22 for administration",
            ),
        ],
        "unknown": [unverified(put(_BASE, "ingress", "cidrIpv4", UNKNOWN, ["key"]), "ingress")],
        "legacy": [
            fails(_with(_old_rule("ingress", cidrBlocks=[_WORLD])), "old-rule"),
            fails(_with(_old_rule("ingress", cidrBlocks=["0.0.0.0/1", "128.0.0.0/1"])), "old-rule"),
        ],
        "sidecar": [fails(put(_BASE, "group", "ingress", [_OPEN_INLINE]), "group", "every port")],
    },
    "DL-NET-08": {
        "pass": [passes(_BASE), passes(put(_BASE, "egress", "cidrIpv4", _WORLD))],
        "fail": [
            fails(
                put(put(_BASE, "egress", "cidrIpv4", _WORLD), "egress", "ipProtocol", "-1"),
                "egress",
                "everything out",
            )
        ],
        "unknown": [unverified(put(_BASE, "egress", "cidrIpv4", UNKNOWN, ["key"]), "egress")],
        "legacy": [
            fails(_with(_old_rule("egress", fromPort=0, toPort=65535, cidrBlocks=[_WORLD])), "old-rule")
        ],
        "sidecar": [fails(put(_BASE, "group", "egress", [_OPEN_INLINE]), "group", "everything out")],
    },
    "DL-NET-09": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(put(_BASE, "group", "description", None), "group", "what it is for"),
            fails(put(_BASE, "group", "description", "Managed by Pulumi"), "group"),
            fails(put(_BASE, "ingress", "description", None), "ingress", "port 5432"),
        ],
        "unknown": [passes(put(_BASE, "group", "description", UNKNOWN, ["key"]))],
        "legacy": [fails(_with(_old_rule("ingress", description="")), "old-rule")],
        "sidecar": [fails(put(_BASE, "group", "ingress", [{**_OPEN_INLINE, "description": ""}]), "group")],
    },
    "DL-NET-10": {
        "pass": [passes(_HOUSE)],
        "fail": [
            fails(replaced(_HOUSE, "endpoint-s3"), "vpc", "s3"),
            fails(replaced(_HOUSE, "endpoint-secretsmanager"), "vpc", "secretsmanager"),
        ],
        "unknown": [unverified(put(_HOUSE, "endpoint-kms", "serviceName", UNKNOWN, ["key"]), "vpc", "kms")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-NET-11": {
        "pass": [
            passes(_BASE),
            passes(
                put(
                    _BASE,
                    "endpoint-s3",
                    "policy",
                    endpoint_policy(StringEquals={"aws:PrincipalOrgID": "o-1"}),
                )
            ),
        ],
        "fail": [
            fails(put(_BASE, "endpoint-s3", "policy", None), "endpoint-s3", "no policy"),
            fails(
                put(_BASE, "endpoint-s3", "policy", endpoint_policy(Bool={"aws:SecureTransport": "true"})),
                "endpoint-s3",
                "lets anyone",
            ),
        ],
        "unknown": [
            unverified(put(_BASE, "endpoint-s3", "policy", UNKNOWN, ["key"]), "endpoint-s3"),
            unverified(
                put(
                    _BASE,
                    "endpoint-s3",
                    "policy",
                    endpoint_policy(StringEquals={"aws:PrincipalAccount": UNKNOWN}),
                ),
                "endpoint-s3",
            ),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            passes(
                [
                    *put(_BASE, "endpoint-s3", "policy", None),
                    joined(
                        "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy",
                        "endpoint-policy",
                        {"policy": endpoint_policy()},
                        vpcEndpointId="endpoint-s3",
                    ),
                ]
            ),
            fails(
                [
                    *put(_BASE, "endpoint-s3", "policy", None),
                    joined(
                        "aws:ec2/vpcEndpointPolicy:VpcEndpointPolicy",
                        "endpoint-policy",
                        {"policy": endpoint_policy(Bool={"aws:SecureTransport": "true"})},
                        vpcEndpointId="endpoint-s3",
                    ),
                ],
                "endpoint-policy",
            ),
        ],
    },
    "DL-NET-12": setting_forms(_BASE, "endpoint-kms", "privateDnsEnabled", bad=[False, None]),
    "DL-NET-13": {
        **setting_forms(_BASE, "endpoint-kms", "securityGroupIds", bad=[[], None], says="default"),
        "fail": [
            fails(put(_BASE, "endpoint-kms", "securityGroupIds", []), "endpoint-kms", "default one"),
            fails(
                put(_BASE, "endpoint-kms", "securityGroupIds", [UNKNOWN], ["group"]),
                "endpoint-kms",
                "port 5432",
            ),
            fails(put(_BASE, "endpoint-ingress", "ipProtocol", "-1"), "endpoint-kms", "every port"),
        ],
        "legacy": [
            fails(
                [
                    *_BASE,
                    joined(
                        "aws:ec2/securityGroupRule:SecurityGroupRule",
                        "old-rule",
                        {"type": "ingress", "protocol": "tcp", "fromPort": 22, "toPort": 22},
                        securityGroupId="endpoint-group",
                    ),
                ],
                "endpoint-kms",
                "port 22",
            )
        ],
        "sidecar": [
            fails(
                put(_BASE, "endpoint-group", "ingress", [{"protocol": "tcp", "fromPort": 1, "toPort": 9}]),
                "endpoint-kms",
                "ports 1 to 9",
            ),
            unverified(put(_BASE, "endpoint-ingress", "fromPort", UNKNOWN, ["key"]), "endpoint-kms"),
        ],
    },
    "DL-NET-14": setting_forms(_with(_SERVICE), "service", "acceptanceRequired", bad=[False, None]),
}
