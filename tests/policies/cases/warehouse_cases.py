from __future__ import annotations

from typing import Any

from tests.policies.cases.case import NO_LEGACY, NO_SIDECAR, Absent, Forms, fails, passes, unverified
from tests.policies.estate_support import PARAMETERS, put, setting_forms, warehouse
from tests.policies.protocol_support import UNKNOWN, Res
from tests.policies.stack_support import KEY_ARN, replaced, text, trust

_BASE = warehouse()
_ALIAS = "alias/aws/redshift"


def _cluster(path: str, value: Any, deps: list[str] | None = None) -> list[Res]:
    return put(_BASE, "cluster", path, value, deps)


def _group(**values: str) -> list[Res]:
    entries = [{"name": name, "value": value} for name, value in values.items()]
    return put(_BASE, "parameters", "parameters", entries)


def _rule(name: str, **props: Any) -> list[Res]:
    return replaced(_BASE, name, next(r for r in _BASE if r.name == name).having(**props))


_WIDE = {"fromPort": 0, "toPort": 65535, "protocol": "-1", "cidrBlocks": ["0.0.0.0/0"]}
_OLD_RULE = Res(
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "old-rule",
    {
        "type": "ingress",
        "fromPort": 5439,
        "toPort": 5439,
        "cidrBlocks": ["0.0.0.0/0"],
        "securityGroupId": UNKNOWN,
    },
    {"securityGroupId": ["group"]},
)


def _parameter(name: str) -> Forms:
    others = {entry["name"]: entry["value"] for entry in PARAMETERS if entry["name"] != name}
    return {
        "pass": [passes(_BASE), passes(_group(**others, **{name: "TRUE"}))],
        "fail": [
            fails(_group(**others, **{name: "false"}), "parameters", name),
            fails(_group(**others), "parameters", "not set"),
            fails(_cluster("clusterParameterGroupName", "default.redshift-2.0"), "cluster", "default"),
            fails(_cluster("clusterParameterGroupName", None), "cluster", "default"),
            fails(_cluster("clusterParameterGroupName", "elsewhere"), "cluster", "not in the stack"),
        ],
        "unknown": [
            passes(_cluster("clusterParameterGroupName", UNKNOWN, ["parameters"])),
            unverified(_cluster("clusterParameterGroupName", UNKNOWN, ["vpc"]), "cluster"),
            unverified(put(_BASE, "parameters", "parameters", UNKNOWN, ["vpc"]), "parameters"),
            unverified(_group(**others, **{name: UNKNOWN}), "parameters"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": Absent("the parameter group is always a resource of its own"),
    }


_TO_ALL = [{"principal": "arn:aws:quicksight:eu-west-1:1:namespace/default", "actions": []}]

CASES: dict[str, Forms] = {
    "DL-RS-01": setting_forms(_BASE, "cluster", "encrypted", bad=[False, None], good=["true"]),
    "DL-RS-02": setting_forms(_BASE, "cluster", "kmsKeyId", bad=[None, _ALIAS], good=[KEY_ARN]),
    "DL-RS-03": _parameter("require_ssl"),
    "DL-RS-04": setting_forms(_BASE, "cluster", "publiclyAccessible", bad=[True, None]),
    "DL-RS-05": setting_forms(_BASE, "cluster", "clusterSubnetGroupName", bad=[None, ""], unknown=False),
    "DL-RS-06": setting_forms(_BASE, "cluster", "enhancedVpcRouting", bad=[False, None]),
    "DL-RS-07": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(_rule("ingress", cidrIpv4="0.0.0.0/0"), "cluster", "the world"),
            fails(_rule("ingress", cidrIpv6="::/0"), "cluster", "::/0"),
            fails(_cluster("vpcSecurityGroupIds", None), "cluster", "default"),
        ],
        "unknown": [unverified(_cluster("vpcSecurityGroupIds", [UNKNOWN], ["vpc"]), "cluster")],
        "legacy": [fails([*_BASE, _OLD_RULE], "cluster", "port 5439")],
        "sidecar": [fails(_rule("group", ingress=[_WIDE]), "cluster", "every port")],
    },
    "DL-RS-08": {
        "pass": [
            passes(_BASE),
            passes(put(_cluster("manageMasterPassword", None), "cluster", "masterPasswordWo", "x")),
        ],
        "fail": [
            fails(_cluster("masterPassword", "hunter2hunter2"), "cluster", "masterPassword"),
            fails(_cluster("manageMasterPassword", False), "cluster", "nobody manages"),
            fails(_cluster("manageMasterPassword", None), "cluster"),
        ],
        "unknown": [unverified(_cluster("manageMasterPassword", UNKNOWN, ["vpc"]), "cluster")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-RS-09": setting_forms(
        _BASE, "cluster", "masterPasswordSecretKmsKeyId", bad=[None, "alias/aws/secretsmanager"]
    ),
    "DL-RS-10": setting_forms(_BASE, "cluster", "masterUsername", bad=["awsuser", "Admin", None]),
    "DL-RS-11": setting_forms(_BASE, "cluster", "databaseName", bad=["dev", None]),
    "DL-RS-12": _parameter("enable_user_activity_logging"),
    "DL-RS-13": {
        "pass": [passes(_BASE)],
        "fail": [fails(put(_BASE, "subnet-b", "availabilityZone", "eu-west-1a"), "subnet-group", "one zone")],
        "unknown": [unverified(put(_BASE, "subnet-group", "subnetIds", [UNKNOWN], ["vpc"]), "subnet-group")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-RS-14": {
        "pass": [passes(_BASE)],
        "fail": [fails(replaced(_BASE, "audit-log"), "cluster", "no audit log")],
        "unknown": [
            passes(put(_BASE, "audit-log", "clusterIdentifier", UNKNOWN, ["cluster"])),
            unverified(put(_BASE, "audit-log", "clusterIdentifier", UNKNOWN, ["vpc"]), "cluster"),
        ],
        "legacy": [passes(put(replaced(_BASE, "audit-log"), "cluster", "logging", {"enable": True}))],
        "sidecar": [
            fails(put(replaced(_BASE, "audit-log"), "cluster", "logging", {"enable": False}), "cluster")
        ],
    },
    "DL-RS-15": setting_forms(
        _BASE, "cluster", "automatedSnapshotRetentionPeriod", bad=[0, 1, None], good=[35]
    ),
    "DL-RS-16": {
        "pass": [passes(_BASE), passes(_cluster("allowVersionUpgrade", True))],
        "fail": [
            fails(_cluster("allowVersionUpgrade", False), "cluster", "security fixes"),
            fails(_cluster("preferredMaintenanceWindow", None), "cluster", "when AWS likes"),
        ],
        "unknown": [unverified(_cluster("allowVersionUpgrade", UNKNOWN, ["vpc"]), "cluster")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-RS-17": {
        "pass": [passes(_BASE, "prod"), passes(_cluster("skipFinalSnapshot", True), "dev")],
        "fail": [
            fails(_cluster("skipFinalSnapshot", True), "cluster", "without a snapshot", "prod"),
            fails(_cluster("finalSnapshotIdentifier", None), "cluster", "cannot be destroyed", "prod"),
        ],
        "unknown": [unverified(_cluster("skipFinalSnapshot", UNKNOWN, ["vpc"]), "cluster", within="prod")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-RS-18": {
        "pass": [
            passes(_BASE, "prod"),
            passes(
                put(_cluster("availabilityZoneRelocationEnabled", None), "cluster", "multiAz", True), "prod"
            ),
            passes(_cluster("availabilityZoneRelocationEnabled", None)),
        ],
        "fail": [fails(_cluster("availabilityZoneRelocationEnabled", False), "cluster", "zone", "prod")],
        "unknown": [
            unverified(
                _cluster("availabilityZoneRelocationEnabled", UNKNOWN, ["vpc"]), "cluster", within="prod"
            )
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-RS-19": setting_forms(_BASE, "copy-grant", "kmsKeyId", bad=[None, _ALIAS], good=[KEY_ARN]),
    "DL-RS-20": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(put(_BASE, "copy-grant", "region", "eu-west-1"), "snapshot-copy", "destination"),
            fails(put(_BASE, "snapshot-copy", "snapshotCopyGrantName", None), "snapshot-copy", "not set"),
            fails(put(_BASE, "snapshot-copy", "retentionPeriod", 1), "snapshot-copy", "below 7"),
            fails(_cluster("region", "eu-central-1"), "snapshot-copy", "own region"),
        ],
        "unknown": [
            passes(put(_BASE, "snapshot-copy", "snapshotCopyGrantName", UNKNOWN, ["copy-grant"])),
            unverified(
                put(_BASE, "snapshot-copy", "snapshotCopyGrantName", UNKNOWN, ["vpc"]), "snapshot-copy"
            ),
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-RS-21": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(_BASE, "copy", "assumeRolePolicy", text(trust("glue.amazonaws.com"))), "cluster", "trust"
            ),
            fails(
                put(
                    _BASE,
                    "copy",
                    "assumeRolePolicy",
                    text(trust("redshift.amazonaws.com"), trust("glue.amazonaws.com")),
                ),
                "cluster",
                "glue",
            ),
        ],
        "unknown": [
            passes(_cluster("iamRoles", [UNKNOWN], ["copy"])),
            unverified(_cluster("iamRoles", [UNKNOWN], ["vpc"]), "cluster"),
        ],
        "legacy": NO_LEGACY,
        "sidecar": [
            fails(
                [
                    *put(_cluster("iamRoles", None), "copy", "assumeRolePolicy", text(trust())),
                    Res(
                        "aws:redshift/clusterIamRoles:ClusterIamRoles",
                        "cluster-roles",
                        {"clusterIdentifier": "lake", "iamRoleArns": ["arn:aws:iam::123456789012:role/copy"]},
                    ),
                ],
                "cluster-roles",
            )
        ],
    },
    "DL-QS-01": setting_forms(_BASE, "source", "sslProperties.disableSsl", bad=[True], good=[False]),
    "DL-QS-02": setting_forms(
        _BASE, "source", "credentials.credentialPair", bad=[{"username": "u", "password": "hunter2"}]
    ),
    "DL-QS-03": {
        "pass": [
            passes(_BASE),
            passes(put(_BASE, "source", "parameters", {"athena": {"workGroup": "reporting"}})),
        ],
        "fail": [fails(put(_BASE, "source", "vpcConnectionProperties", None), "source", "internet")],
        "unknown": [
            unverified(
                put(_BASE, "source", "vpcConnectionProperties", {"vpcConnectionArn": UNKNOWN}, ["vpc"]),
                "source",
            )
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-QS-04": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(
                    _BASE,
                    "source",
                    "permissions",
                    [
                        {
                            "principal": "arn:aws:quicksight:eu-west-1:123456789012:namespace/default",
                            "actions": [],
                        }
                    ],
                ),
                "source",
                "namespace",
            ),
            fails(
                put(_BASE, "source", "permissions", [{"principal": "arn:x", "actions": ["quicksight:*"]}]),
                "source",
                "quicksight:*",
            ),
            *(
                fails(
                    [Res(f"aws:quicksight/{token}", "shown", {"permissions": _TO_ALL})], "shown", "namespace"
                )
                for token in ("dataSet:DataSet", "dashboard:Dashboard", "analysis:Analysis")
            ),
        ],
        "unknown": [unverified(put(_BASE, "source", "permissions", UNKNOWN, ["vpc"]), "source")],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-QS-05": {
        "pass": [passes(_BASE), passes(put(_BASE, "quicksight", "authenticationMethod", "IAM_ONLY"))],
        "fail": [
            fails(
                put(_BASE, "quicksight", "authenticationMethod", "ACTIVE_DIRECTORY"),
                "quicksight",
                "passwords",
            ),
            fails(put(_BASE, "quicksight", "notificationEmail", None), "quicksight", "nobody hears"),
        ],
        "unknown": [
            unverified(put(_BASE, "quicksight", "authenticationMethod", UNKNOWN, ["vpc"]), "quicksight")
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-17": {
        **setting_forms(
            _BASE, "connection", "connectionProperties.JDBC_ENFORCE_SSL", bad=["false", None], says="clear"
        ),
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-18": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(
                put(_BASE, "connection", "connectionProperties.PASSWORD", "hunter2"), "connection", "PASSWORD"
            ),
            fails(
                put(
                    _BASE,
                    "connection",
                    "connectionProperties.JDBC_CONNECTION_URL",
                    "jdbc:redshift://h/db?user=u&password=hunter2",
                ),
                "connection",
                "URL",
            ),
        ],
        "unknown": [
            unverified(put(_BASE, "connection", "connectionProperties", UNKNOWN, ["vpc"]), "connection")
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
    "DL-GLUE-19": {
        "pass": [passes(_BASE)],
        "fail": [
            fails(put(_BASE, "connection", "physicalConnectionRequirements", None), "connection", "subnetId"),
            fails(
                put(_BASE, "connection", "physicalConnectionRequirements.securityGroupIdLists", None),
                "connection",
                "securityGroupIdLists",
            ),
        ],
        "unknown": [
            passes(put(_BASE, "connection", "physicalConnectionRequirements", UNKNOWN, ["subnet-a"]))
        ],
        "legacy": NO_LEGACY,
        "sidecar": NO_SIDECAR,
    },
}
