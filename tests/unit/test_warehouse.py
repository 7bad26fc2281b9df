import json
import re
from pathlib import Path

import pytest

from etl.contract import GOLD_TABLES, RAW_DATASETS
from etl.jobs.processed_to_redshift import parse
from etl.warehouse.document import WarehouseModel
from etl.warehouse.model import model as warehouse_model
from tests.unit.graph_support import behind, named, names_of, of_type, statements
from tests.unit.recorder import PROJECT, STACKS, UNKNOWN, recorded, stack_config


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_cluster_is_private_encrypted_and_takes_tls_only(stack: str) -> None:
    cluster = named(stack, "warehouse-cluster")
    inputs = cluster.inputs
    assert inputs["publiclyAccessible"] is False
    assert inputs["enhancedVpcRouting"] is True
    assert inputs["encrypted"] == "true"
    for key in ("kmsKeyId", "masterPasswordSecretKmsKeyId"):
        assert names_of(stack, cluster.property_dependencies[key]) == {"keys-warehouse-key"}
    parameters = {
        one["name"]: one["value"] for one in named(stack, "warehouse-parameter-group").inputs["parameters"]
    }
    assert parameters["require_ssl"] == "true"
    assert parameters["enable_user_activity_logging"] == "true"
    assert inputs["clusterParameterGroupName"] == named(stack, "warehouse-parameter-group").inputs["name"]
    assert {"warehouse-parameter-group", "warehouse-subnet-group"} <= names_of(stack, cluster.dependencies)


def test_the_password_is_redshifts_own_and_nowhere_in_the_program(stack: str) -> None:
    inputs = named(stack, "warehouse-cluster").inputs
    assert inputs["manageMasterPassword"] is True
    assert not {"masterPassword", "masterPasswordWo"} & set(inputs)


def test_nodes_are_ra3_and_the_subnet_group_spans_the_networks_zones(stack: str) -> None:
    inputs = named(stack, "warehouse-cluster").inputs
    assert inputs["nodeType"].startswith("ra3.")
    assert inputs["clusterType"] == ("single-node" if inputs["numberOfNodes"] == 1 else "multi-node")
    group = named(stack, "warehouse-subnet-group")
    assert names_of(stack, group.property_dependencies["subnetIds"]) == {
        one.name for one in of_type(stack, "Subnet")
    }


def test_prod_runs_in_two_zones_and_dev_pauses_at_night() -> None:
    prod, dev = (named(stack, "warehouse-cluster").inputs for stack in ("prod", "dev"))
    assert prod["multiAz"] is True
    assert prod["numberOfNodes"] >= 2
    assert "availabilityZoneRelocationEnabled" not in prod
    assert 5431 <= prod["port"] <= 5455
    assert len(of_type("prod", "Subnet")) >= 3
    assert not of_type("prod", "ScheduledAction")
    assert (dev["multiAz"], dev["numberOfNodes"]) == (False, 1)
    clocks = {one.name: one.inputs for one in of_type("dev", "ScheduledAction")}
    assert set(clocks) == {"warehouse-pause-action", "warehouse-resume-action"}
    for action in ("pause", "resume"):
        inputs = clocks[f"warehouse-{action}-action"]
        assert inputs["schedule"].startswith("cron(")
        assert inputs["targetAction"] == {f"{action}Cluster": {"clusterIdentifier": dev["clusterIdentifier"]}}
        assert inputs["iamRole"].endswith("role/energy-trading-datalake-dev-warehouse-pause")
    allowed = statements("dev", "warehouse-pause-policy")["PauseAndResume"]
    assert allowed["Resource"] == [
        "arn:aws:redshift:eu-west-1:111122223333:cluster:energy-trading-datalake-dev"
    ]


def test_only_the_loader_and_dashboards_reach_the_cluster_and_a_loader_reaches_itself(stack: str) -> None:
    def admitted(group: str) -> set[tuple[str, int, int]]:
        return {
            (
                *names_of(stack, one.property_dependencies["referencedSecurityGroupId"]),
                one.inputs["fromPort"],
                one.inputs["toPort"],
            )
            for one in of_type(stack, "SecurityGroupIngressRule")
            if names_of(stack, one.property_dependencies["securityGroupId"]) == {group}
        }

    guests = admitted("warehouse-access-warehouse-group")
    assert ("warehouse-access-loader-group", 5439, 5439) in guests
    assert guests <= {(f"{who}-group", 5439, 5439) for who in ("warehouse-access-loader", "bi-warehouse")}
    assert admitted("warehouse-access-loader-group") == {("warehouse-access-loader-group", 0, 65535)}
    for one in of_type(stack, "SecurityGroup"):
        assert "ingress" not in one.inputs, "rules are resources of their own"
        assert "egress" not in one.inputs
    assert named(stack, "warehouse-access-warehouse-to-s3").inputs["prefixListId"] == UNKNOWN


def test_the_connection_holds_neither_address_nor_password(stack: str) -> None:
    connection = named(stack, "warehouse-access-connection")
    assert connection.inputs["connectionType"] == "NETWORK"
    assert "connectionProperties" not in connection.inputs


def test_the_connection_is_inside(stack: str) -> None:
    connection = named(stack, "warehouse-access-connection")
    place = connection.inputs["physicalConnectionRequirements"]
    assert place["availabilityZone"] == named(stack, "network-a-subnet").inputs["availabilityZone"]
    inside = names_of(stack, connection.property_dependencies["physicalConnectionRequirements"])
    assert inside == {"network-a-subnet", "warehouse-access-loader-group"}


def test_copy_reads_the_tables_of_the_warehouse_and_writes_nothing(stack: str) -> None:
    found = statements(stack, "warehouse-copy-policy")
    lake = f"arn:aws:s3:::energy-trading-datalake-{stack}"
    actions = {action for one in found.values() for action in one["Action"]}
    assert actions == {"s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation", "kms:Decrypt"}
    copied = [f"processed/{name}/*" for name in RAW_DATASETS] + [f"curated/{name}/*" for name in GOLD_TABLES]
    assert found["ReadData"]["Resource"] == [f"{lake}/{prefix}" for prefix in copied]
    assert found["ListData"]["Condition"] == {"StringLike": {"s3:prefix": copied}}
    cluster = named(stack, "warehouse-cluster").inputs
    role = named(stack, "warehouse-copy-role").inputs["name"]
    assert [arn.rpartition("/")[2] for arn in cluster["iamRoles"]] == [role]
    assert "warehouse-copy-policy" in names_of(stack, named(stack, "warehouse-cluster").dependencies)


def test_the_loader_runs_statements_in_this_cluster_and_reads_no_data(stack: str) -> None:
    found = statements(stack, "pipeline-processed-to-redshift-policy")
    lake = f"arn:aws:s3:::energy-trading-datalake-{stack}"
    assert found["ReadData"]["Resource"] == [
        f"{lake}/processed/_ops/manifests/*",
        f"{lake}/curated/_ops/manifests/*",
    ]
    cluster = named(stack, "warehouse-cluster").inputs["clusterIdentifier"]
    (arn,) = found["RunStatements"]["Resource"]
    assert arn.endswith(f":cluster:{cluster}")
    (secret,) = found["ReadPassword"]["Resource"]
    assert f":secret:redshift!{cluster}-" in secret
    assert found["ReadOwnStatements"]["Condition"] == {
        "StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}
    }
    actions = {action for one in found.values() for action in one["Action"]}
    assert {action for action in actions if action.startswith("redshift")} == {
        "redshift:DescribeClusters",
        "redshift-data:BatchExecuteStatement",
        "redshift-data:DescribeStatement",
        "redshift-data:GetStatementResult",
    }


def test_the_load_job_finds_what_its_arguments_name(stack: str) -> None:
    job = named(stack, "pipeline-processed-to-redshift-job")
    arguments, cluster = job.inputs["defaultArguments"], named(stack, "warehouse-cluster").inputs
    assert arguments["--warehouse_cluster"] == cluster["clusterIdentifier"]
    assert arguments["--warehouse_database"] == cluster["databaseName"]
    assert [arguments["--copy_role"]] == cluster["iamRoles"]
    model = named(stack, "pipeline-processed-to-redshift-model")
    assert arguments["--warehouse_model"] == f"s3://{model.inputs['bucket']}/{model.inputs['key']}"
    content = Path(model.inputs["source"]["path"]).read_bytes()
    assert WarehouseModel.from_json(content) == warehouse_model()
    assert model.name in behind(stack, job)
    assert {f"warehouse-{schema}-schema" for schema in ("raw-data", "analytics", "reporting")} <= behind(
        stack, job
    )
    assert "--additional-python-modules" not in arguments, "the network has no way to an index of packages"
    assert job.inputs["connections"] == [named(stack, "warehouse-access-connection").inputs["name"]]
    parse([word for pair in arguments.items() for word in pair])


def test_audit_logs_go_to_encrypted_groups_named_as_redshift_names_them(stack: str) -> None:
    logging = named(stack, "warehouse-logging")
    assert logging.inputs["logDestinationType"] == "cloudwatch"
    assert set(logging.inputs["logExports"]) == {"connectionlog", "userlog", "useractivitylog"}
    assert not {"bucketName", "s3KeyPrefix"} & set(logging.inputs)
    for kind in logging.inputs["logExports"]:
        group = named(stack, f"warehouse-{kind}-log-group")
        assert group.inputs["name"] == f"/aws/redshift/cluster/energy-trading-datalake-{stack}/{kind}"
        assert group.name in names_of(stack, logging.dependencies)


def test_the_three_schemas_are_created_again_without_harm(stack: str) -> None:
    found = of_type(stack, "Statement")
    created = {
        match[1]
        for one in found
        if (match := re.fullmatch(r"CREATE SCHEMA IF NOT EXISTS (\w+)", one.inputs["sql"]))
    }
    assert created == {"raw_data", "analytics", "reporting"}
    assert len(found) == 3
    for one in found:
        assert one.inputs["secretArn"] == UNKNOWN
        assert "dbUser" not in one.inputs
        assert "warehouse-cluster" in names_of(stack, one.dependencies)


def test_snapshots_outlive_a_week_and_come_within_the_rpo(stack: str) -> None:
    inputs = named(stack, "warehouse-cluster").inputs
    assert inputs["automatedSnapshotRetentionPeriod"] >= 7
    (rate,) = named(stack, "warehouse-snapshot-schedule").inputs["definitions"]
    hours = int(re.fullmatch(r"rate\((\d+) hours?\)", rate)[1])  # type: ignore[index]
    assert hours <= stack_config(stack)[f"{PROJECT}:disaster_recovery"].get("rpo_hours", 24)
    association = named(stack, "warehouse-snapshot-association").inputs
    assert association["clusterIdentifier"] == inputs["clusterIdentifier"]


def test_deleting_the_cluster_is_decided_in_the_settings() -> None:
    prod, dev = (named(stack, "warehouse-cluster") for stack in ("prod", "dev"))
    assert prod.inputs["skipFinalSnapshot"] is False
    assert prod.inputs["finalSnapshotIdentifier"] == "energy-trading-datalake-prod-final"
    assert prod.protect
    assert dev.inputs["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in dev.inputs


def test_what_costs_by_use_stops_for_the_day_at_its_limit(stack: str) -> None:
    limits = {one.inputs["featureType"]: one.inputs for one in of_type(stack, "UsageLimit")}
    assert {kind: one["limitType"] for kind, one in limits.items()} == {
        "concurrency-scaling": "time",
        "spectrum": "data-scanned",
    }
    for one in limits.values():
        assert (one["period"], one["breachAction"]) == ("daily", "disable")
        assert one["amount"] >= 1


def test_the_warehouse_key_is_lent_to_aws_services_only(stack: str) -> None:
    lent = statements(stack, "keys-warehouse-key")["LentToServices"]
    assert lent["Action"] == ["kms:CreateGrant"]
    assert lent["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert set(lent["Condition"]["StringEquals"]["kms:ViaService"]) == {
        "redshift.eu-west-1.amazonaws.com",
        "redshift-data.eu-west-1.amazonaws.com",
        "secretsmanager.eu-west-1.amazonaws.com",
    }


def test_the_data_api_encrypts_statements_with_the_clusters_key_in_the_loaders_name(stack: str) -> None:
    """Without a grant, which the caller has to be allowed, no statement runs on a cluster with our key."""
    found = statements(stack, "pipeline-processed-to-redshift-policy")
    clusters = {f"{service}.eu-west-1.amazonaws.com" for service in ("redshift", "redshift-data")}
    alias = {"kms:ResourceAliases": [named(stack, "keys-warehouse-alias").inputs["name"]]}
    lend, use = found["LendWarehouseKey"], found["UseWarehouseKey"]
    assert lend["Action"] == ["kms:CreateGrant"]
    assert lend["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
    assert set(lend["Condition"]["StringEquals"]["kms:ViaService"]) == clusters
    assert {"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"} == set(use["Action"])
    assert clusters <= set(use["Condition"]["StringEquals"]["kms:ViaService"])
    for one in (lend, use):
        assert one["Condition"]["ForAnyValue:StringEquals"] == alias
    key = statements(stack, "keys-warehouse-key")
    for sid in ("UsedThroughServices", "LentToServices"):
        assert clusters <= set(key[sid]["Condition"]["StringEquals"]["kms:ViaService"])


def test_the_load_goes_to_nobody_who_is_not_there(stack: str) -> None:
    """Jobs that use a connection use one of the stack, and wait for it."""
    connections = {one.inputs["name"]: one.name for one in of_type(stack, "Connection")}
    assert set(connections) == {f"energy-trading-datalake-{stack}-warehouse"}
    for job in of_type(stack, "Job"):
        for name in job.inputs.get("connections", []):
            assert connections[name] in behind(stack, job)


def test_no_document_of_the_warehouse_holds_a_secret(stack: str) -> None:
    assert not re.search(
        r"password\s*[:=]", json.dumps([one.inputs for one in recorded(stack)]), re.IGNORECASE
    )
