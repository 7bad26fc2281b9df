import functools
import importlib
import inspect
import json
from collections import Counter

import pytest

from components.settings import parse
from tests.unit.recorder import PROJECT, STACKS, UNKNOWN, Registration, record, recorded, stack_config

STATEFUL = {"Bucket", "Key", "CatalogDatabase", "Cluster"}
CLOUD_NAMES = ("name", "bucket", "arn", "key")
ONLY_OUTPUTS = {
    ("Alias", "targetKeyId"),
    ("BucketServerSideEncryptionConfiguration", "rules"),
    ("BucketObjectv2", "kmsKeyId"),
    ("LogGroup", "kmsKeyId"),
    ("SecurityConfiguration", "encryptionConfiguration"),
    ("DataCatalogEncryptionSettings", "dataCatalogEncryptionSettings"),
    ("Workgroup", "configuration"),
    ("AnomalySubscription", "monitorArnLists"),
    ("BucketReplicationConfig", "rules"),
    ("Cluster", "kmsKeyId"),
    ("Cluster", "masterPasswordSecretKmsKeyId"),
    ("Cluster", "vpcSecurityGroupIds"),
    ("Connection", "connectionProperties"),
    ("Connection", "physicalConnectionRequirements"),
    ("DataSource", "parameters"),
    ("DefaultSecurityGroup", "vpcId"),
    ("FlowLog", "vpcId"),
    ("RouteTable", "vpcId"),
    ("RouteTableAssociation", "routeTableId"),
    ("RouteTableAssociation", "subnetId"),
    ("SecurityGroup", "vpcId"),
    ("SecurityGroupEgressRule", "prefixListId"),
    ("SecurityGroupEgressRule", "referencedSecurityGroupId"),
    ("SecurityGroupEgressRule", "securityGroupId"),
    ("SecurityGroupIngressRule", "referencedSecurityGroupId"),
    ("SecurityGroupIngressRule", "securityGroupId"),
    ("Schedule", "kmsKeyArn"),
    ("SnapshotCopyGrant", "kmsKeyId"),
    ("Statement", "secretArn"),
    ("Subnet", "vpcId"),
    ("SubnetGroup", "subnetIds"),
    ("Topic", "kmsMasterKeyId"),
    ("Trail", "kmsKeyId"),
    ("VpcConnection", "securityGroupIds"),
    ("VpcConnection", "subnetIds"),
    ("VpcEndpoint", "routeTableIds"),
    ("VpcEndpoint", "securityGroupIds"),
    ("VpcEndpoint", "subnetIds"),
    ("VpcEndpoint", "vpcId"),
}
"""The inputs that carry an id or an address AWS invents; every other input is known at the first preview."""


@functools.cache
def takes_tags(type_: str) -> bool:
    _, path, name = type_.split(":")
    module = importlib.import_module(f"pulumi_aws.{path.split('/')[0]}")
    return "tags" in inspect.signature(getattr(module, name)._internal_init).parameters


def custom(stack: str) -> list[Registration]:
    return [one for one in recorded(stack) if one.custom]


def has_unknown(value: object) -> bool:
    return UNKNOWN in json.dumps(value)


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_is_a_child_of_a_component_and_named_after_it(stack: str) -> None:
    components = {one.urn: one for one in recorded(stack) if not one.custom}
    for one in custom(stack):
        assert one.parent in components, f"{one.urn} has no component as parent"
        assert one.name.startswith(components[one.parent].name), one.urn
    for one in components.values():
        module, name = one.type.split(":")[1:]
        assert one.type == f"energylake:{module}:{name}"


@pytest.mark.parametrize("stack", STACKS)
def test_every_taggable_resource_carries_the_whole_set_of_tags(stack: str) -> None:
    owner = stack_config(stack)[f"{PROJECT}:tags"]["owner"]
    components = set()
    for one in custom(stack):
        if not takes_tags(one.type):
            continue
        tags = one.inputs["tags"]
        assert set(tags) - {"Name"} == {
            "project",
            "environment",
            "component",
            "owner",
            "cost-center",
            "data-classification",
            "managed-by",
        }, one.urn
        assert (tags["project"], tags["environment"], tags["owner"]) == (PROJECT, stack, owner)
        components.add(tags["component"])
    assert components <= set(parse(stack, stack_config(stack)).costs.monthly.by_component()), "has no budget"
    assert {"storage", "pipeline", "network", "warehouse", "disaster-recovery"} <= components


@pytest.mark.parametrize("stack", STACKS)
def test_stateful_resources_are_protected_where_the_stack_says_so(stack: str) -> None:
    protect = stack_config(stack)[f"{PROJECT}:protect"]
    stateful = [one for one in custom(stack) if one.short_type in STATEFUL]
    assert {one.short_type for one in stateful} == STATEFUL
    assert all(one.protect is protect for one in stateful)
    assert not any(one.protect for one in custom(stack) if one.short_type not in STATEFUL)
    assert all(one.inputs["forceDestroy"] is not protect for one in stateful if one.short_type == "Bucket")


def test_prod_protects_and_local_does_not() -> None:
    assert stack_config("prod")[f"{PROJECT}:protect"] is True
    assert stack_config("local")[f"{PROJECT}:protect"] is False


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_share_a_name(stack: str) -> None:
    urns = Counter((one.type, one.name) for one in recorded(stack))
    assert max(urns.values()) == 1, urns.most_common(3)
    named = Counter(
        (one.type, one.inputs.get("bucket") if one.short_type == "Bucket" else one.inputs["name"])
        for one in custom(stack)
        if one.short_type in {"Bucket", "Role", "LogGroup", "Workgroup", "Job", "Crawler", "Trigger", "Alias"}
    )
    assert max(named.values()) == 1, named.most_common(3)


@pytest.mark.parametrize("stack", STACKS)
def test_all_but_invented_ids_is_known_at_the_first_preview(stack: str) -> None:
    unknown = {
        (one.short_type, key)
        for one in custom(stack)
        for key, value in one.inputs.items()
        if has_unknown(value)
    }
    assert unknown <= ONLY_OUTPUTS
    for one in custom(stack):
        for key, value in one.inputs.items():
            if has_unknown(value):
                assert one.property_dependencies[key], f"{one.urn}.{key} cannot be traced to a key"


@pytest.mark.parametrize("stack", STACKS)
def test_the_same_settings_give_the_same_graph_twice_in_one_process(stack: str) -> None:
    assert record(stack) == list(recorded(stack))


def test_stacks_differ_only_by_their_settings() -> None:
    """Zones, the pause at night, dashboards for the business and reserved nodes are what the files vary."""
    dev, prod = ({one.name for one in recorded(stack)} for stack in ("dev", "prod"))
    varied = ("network-c-", "warehouse-pause", "warehouse-resume", "bi", "costs-redshift-")
    assert [name for name in dev ^ prod if not name.startswith(varied)] == []


def test_the_names_of_the_architecture_exist() -> None:
    by_type: dict[str, set[str]] = {}
    for one in custom("dev"):
        by_type.setdefault(one.short_type, set()).add(one.inputs.get("name") or one.inputs.get("bucket"))
    assert by_type["Bucket"] == {
        "energy-trading-datalake-dev",
        "energy-trading-datalake-dev-logs",
        "energy-trading-datalake-dev-results",
        "energy-trading-datalake-dev-artifacts",
        "energy-trading-datalake-dev-audit",
        "energy-trading-datalake-dev-replica",
        "energy-trading-datalake-dev-artifacts-replica",
        "energy-trading-datalake-dev-logs-replica",
    }
    assert {"raw-data-crawler", "processed-data-crawler"} <= by_type["Crawler"]
    assert by_type["Job"] == {
        "raw-to-processed",
        "processed-to-curated",
        "processed-to-redshift",
        "catalog-backup",
    }
    assert by_type["Workgroup"] == {"analysts", "reporting", "data-science", "data-engineers"}
    assert by_type["CatalogDatabase"] == {"energy_raw_dev", "energy_processed_dev", "energy_curated_dev"}
    assert by_type["Workflow"] == {"energy-trading-pipeline"}


def test_a_guest_in_an_account_neither_sets_its_settings_nor_takes_its_names() -> None:
    guest = record("dev", stack_config("dev") | {f"{PROJECT}:owns_account_settings": False})
    types = {one.short_type for one in guest}
    assert not types & {"DataLakeSettings", "DataCatalogEncryptionSettings"}
    host = {(one.type, one.inputs.get("name")) for one in custom("prod") if one.inputs.get("name")}
    mine = {(one.type, one.inputs.get("name")) for one in guest if one.custom and one.inputs.get("name")}
    shared = {(kind.rpartition(":")[2]) for kind, _ in host & mine}
    assert shared <= {"CatalogTable", "NamedQuery", "RolePolicy", "BucketMetric", "Inventory"}, (
        "names of an account and region collide"
    )
    document = next(one.inputs["policy"] for one in guest if one.name == "pipeline-raw-to-processed-policy")
    aliases = [
        statement["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"]
        for statement in json.loads(document)["Statement"]
        if statement["Sid"] == "UseCatalogKey"
    ]
    assert aliases == [["alias/energy-trading-datalake/catalog"]]
