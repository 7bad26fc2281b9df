import copy
import json

import pytest

from components.replication import RULES
from tests.unit.graph_support import behind, named, names_of, of_type, statements
from tests.unit.recorder import PROJECT, STACKS, UNKNOWN, Registration, record, recorded, stack_config

HOME, AWAY = "eu-west-1", "eu-central-1"
STORES = ("data", "artifacts")


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def changed(stack: str, **recovery: object) -> list[Registration]:
    config = copy.deepcopy(stack_config(stack))
    config.setdefault(f"{PROJECT}:disaster_recovery", {}).update(recovery)
    return record(stack, config)


def test_everything_of_the_other_region_says_so_and_nothing_else_does(stack: str) -> None:
    away = {one.name for one in recorded(stack) if one.inputs.get("region") == AWAY}
    assert {one.inputs["region"] for one in recorded(stack) if "region" in one.inputs} == {AWAY}
    buckets = {
        f"replica-{store}-{part}"
        for store in ("data", "artifacts", "logs")
        for part in ("bucket", "versioning", "encryption", "policy", "lifecycle", "ownership")
    }
    blocks = {f"replica-{store}-public-access-block" for store in ("data", "artifacts", "logs")}
    assert buckets | blocks <= away
    assert {"replica-key", "replica-alias", "replica-snapshot-grant"} <= away
    assert {f"replica-alarms-{rule.id}-lag" for rule in RULES} <= away
    assert not any(name.startswith("replica-alarms") and name.endswith("failures") for name in away)


def test_every_part_of_a_replica_bucket_is_where_the_bucket_is(stack: str) -> None:
    replicas = {one.inputs["bucket"] for one in of_type(stack, "Bucket") if "region" in one.inputs}
    assert replicas == {
        f"energy-trading-datalake-{stack}{kind}-replica" for kind in ("", "-artifacts", "-logs")
    }
    for one in recorded(stack):
        if one.custom and one.inputs.get("bucket") in replicas:
            assert one.inputs["region"] == AWAY, one.urn


def test_the_replica_has_a_key_of_its_own_region_that_nobody_else_uses(stack: str) -> None:
    for store in STORES:
        encryption = named(stack, f"replica-{store}-encryption")
        assert names_of(stack, encryption.property_dependencies["rules"]) == {"replica-key"}
        (rule,) = encryption.inputs["rules"]
        assert rule["bucketKeyEnabled"] is True
    used = statements(stack, "replica-key")["UsedThroughServices"]["Condition"]["StringEquals"]
    assert all(f".{AWAY}." in service for service in used["kms:ViaService"])
    assert "multiRegion" not in named(stack, "replica-key").inputs


def test_access_logs_stay_in_the_region_in_a_bucket_delivery_can_write(stack: str) -> None:
    (rule,) = named(stack, "replica-logs-encryption").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "AES256"
    for store in STORES:
        logging = named(stack, f"replica-{store}-logging").inputs
        assert logging["targetBucket"] == f"energy-trading-datalake-{stack}-logs-replica"
    takers = statements(stack, "replica-logs-policy")
    assert {sid for sid in takers if sid.startswith("TakesAccessLogs")} == {
        "TakesAccessLogsOfData",
        "TakesAccessLogsOfArtifacts",
    }


def test_replication_starts_when_both_sides_keep_versions_and_the_role_may(stack: str) -> None:
    for store in STORES:
        before = behind(stack, named(stack, f"replica-{store}-replication"))
        assert {
            f"{store}-versioning",
            f"replica-{store}-versioning",
            f"replica-{store}-encryption",
            "replica-replication-policy",
        } <= before


def test_encrypted_objects_are_selected_and_encrypted_with_the_replicas_key(stack: str) -> None:
    for store in STORES:
        replication = named(stack, f"replica-{store}-replication")
        assert names_of(stack, replication.property_dependencies["rules"]) == {"replica-key"}
        priorities = [rule["priority"] for rule in replication.inputs["rules"]]
        assert len(set(priorities)) == len(priorities)
        for rule in replication.inputs["rules"]:
            assert rule["status"] == "Enabled"
            assert "prefix" in rule["filter"]
            assert "prefix" not in rule, "the first version of the schema knows no metrics"
            assert rule["deleteMarkerReplication"]["status"] == "Disabled"
            criteria = rule["sourceSelectionCriteria"]
            assert criteria == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
            destination = rule["destination"]
            assert destination["encryptionConfiguration"] == {"replicaKmsKeyId": UNKNOWN}
            assert destination["metrics"]["status"] == "Enabled"
            suffix = "" if store == "data" else "-artifacts"
            assert destination["bucket"] == f"arn:aws:s3:::energy-trading-datalake-{stack}{suffix}-replica"


def test_prod_has_time_control_and_dev_only_metrics() -> None:
    for stack, on_time in (("prod", True), ("dev", False)):
        for store in STORES:
            for rule in named(stack, f"replica-{store}-replication").inputs["rules"]:
                destination = rule["destination"]
                assert ("replicationTime" in destination) is on_time
                assert ("eventThreshold" in destination["metrics"]) is on_time


def test_deletions_are_replicated_only_where_the_settings_say_so() -> None:
    graph = {one.name: one for one in changed("dev", replicate_deletions=True)}
    (rule,) = graph["replica-data-replication"].inputs["rules"]
    assert rule["deleteMarkerReplication"]["status"] == "Enabled"
    assert "s3:ReplicateDelete" in graph["replica-replication-policy"].inputs["policy"]
    assert "s3:ReplicateDelete" not in named("dev", "replica-replication-policy").inputs["policy"]


def test_the_role_decrypts_here_and_encrypts_there_for_buckets_with_bucket_keys(stack: str) -> None:
    found = statements(stack, "replica-replication-policy")
    for sid, action, region, suffix, alias in (
        ("DecryptSource", "kms:Decrypt", HOME, "", "data"),
        ("EncryptReplicas", "kms:Encrypt", AWAY, "-replica", "replica"),
    ):
        statement = found[sid]
        assert statement["Action"] == [action]
        assert f":kms:{region}:" in statement["Resource"][0]
        conditions = statement["Condition"]
        assert conditions["StringEquals"]["kms:ViaService"] == [f"s3.{region}.amazonaws.com"]
        aliases = conditions["ForAnyValue:StringEquals"]["kms:ResourceAliases"]
        assert aliases == [f"alias/energy-trading-datalake-{stack}/{alias}"]
        contexts = conditions["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
        assert f"arn:aws:s3:::energy-trading-datalake-{stack}{suffix}" in contexts
    written = set(found["WriteReplicas"]["Resource"])
    assert all("-replica/" in arn for arn in written)
    trust = json.loads(named(stack, "replica-replication-role").inputs["assumeRolePolicy"])
    sources = trust["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert len(sources) == 2


def test_the_replica_expires_raw_data_by_its_own_lifecycle(stack: str) -> None:
    home, away = (
        {rule["id"]: rule for rule in named(stack, f"{side}data-lifecycle").inputs["rules"]}
        for side in ("", "replica-")
    )
    assert away == home
    assert away["raw"]["expiration"] == {"days": 90}
    backups = {rule["id"]: rule for rule in named(stack, "replica-artifacts-lifecycle").inputs["rules"]}
    assert backups["catalog-backups"]["filter"] == {"prefix": "catalog-backups/"}


def test_events_of_the_replica_start_nothing(stack: str) -> None:
    assert {one.inputs["bucket"] for one in of_type(stack, "BucketNotification")} == {
        f"energy-trading-datalake-{stack}"
    }


def test_what_is_uploaded_waits_for_replication_to_be_on(stack: str) -> None:
    """Replication takes new objects only."""
    for one in of_type(stack, "BucketObjectv2"):
        assert "replica-artifacts-replication" in behind(stack, one), one.name


def test_snapshots_are_copied_under_a_grant_that_lives_where_the_copies_do(stack: str) -> None:
    grant, snapshots = named(stack, "replica-snapshot-grant"), named(stack, "replica-snapshot-copy")
    assert grant.inputs["region"] == AWAY
    assert names_of(stack, grant.property_dependencies["kmsKeyId"]) == {"replica-key"}
    assert "region" not in snapshots.inputs
    assert snapshots.inputs["destinationRegion"] == AWAY
    assert snapshots.inputs["snapshotCopyGrantName"] == grant.inputs["snapshotCopyGrantName"]
    assert {"replica-snapshot-grant", "warehouse-cluster"} <= names_of(stack, snapshots.dependencies)
    assert "snapshotCopy" not in named(stack, "warehouse-cluster").inputs
    lent = statements(stack, "replica-key")["LentToServices"]["Condition"]["StringEquals"]
    assert lent["kms:ViaService"] == [
        f"{name}.{AWAY}.amazonaws.com" for name in ("redshift", "redshift-data")
    ]


def test_lag_is_watched_over_there_and_failures_here(stack: str) -> None:
    ids = {
        (one.inputs["bucket"], rule["id"])
        for one in of_type(stack, "BucketReplicationConfig")
        for rule in one.inputs["rules"]
    }
    for metric, region in (("ReplicationLatency", AWAY), ("OperationsFailedReplication", None)):
        alarms = [one for one in of_type(stack, "MetricAlarm") if one.inputs.get("metricName") == metric]
        watched = {
            (one.inputs["dimensions"]["SourceBucket"], one.inputs["dimensions"]["RuleId"]) for one in alarms
        }
        assert watched == ids
        for one in alarms:
            assert one.inputs.get("region") == region
            assert one.inputs["dimensions"]["DestinationBucket"].endswith("-replica")
            for action in one.inputs["alarmActions"]:
                assert action.split(":")[3] == (region or HOME), "actions never cross regions"
                topics = {
                    (topic.inputs["name"], topic.inputs.get("region", HOME))
                    for topic in of_type(stack, "Topic")
                }
                assert (action.rpartition(":")[2], action.split(":")[3]) in topics


@pytest.mark.parametrize("rpo", [8, 72])
def test_alarms_follow_the_rpo(rpo: int) -> None:
    graph = {one.name: one for one in changed("prod", rpo_hours=rpo)}
    assert graph["replica-alarms-data-lag"].inputs["threshold"] == rpo * 1800
    age = graph["replica-catalog-age-alarm"].inputs
    assert age["period"] * age["evaluationPeriods"] == rpo * 3600
    assert age["treatMissingData"] == "breaching"
    snapshot = graph["replica-catalog-snapshot-alarm"].inputs
    assert (snapshot["threshold"], snapshot["treatMissingData"]) == (rpo, "breaching")
    assert snapshot["period"] % 60 == 0
    assert snapshot["period"] <= 86_400
    rate = graph["replica-catalog-schedule"].inputs["scheduleExpression"]
    assert rate == f"rate({rpo * 15} minutes)"
    assert rpo * 15 * 60 < snapshot["period"], "every window holds a run"


def test_the_clock_starts_the_backup_and_nothing_else(stack: str) -> None:
    (schedule,) = of_type(stack, "Schedule")
    target = schedule.inputs["target"]
    assert target["arn"] == "arn:aws:scheduler:::aws-sdk:glue:startJobRun"
    name = json.loads(target["input"])["JobName"]
    assert name == named(stack, "replica-catalog-job").inputs["name"]
    allowed = statements(stack, "replica-catalog-clock-policy")["StartBackup"]
    assert allowed["Action"] == ["glue:StartJobRun"]
    assert [arn.rpartition("/")[2] for arn in allowed["Resource"]] == [name]
    assert {"replica-catalog-job", "replica-catalog-clock-policy"} <= names_of(stack, schedule.dependencies)


def test_the_backup_knows_what_to_read_and_where_to_write(stack: str) -> None:
    job = named(stack, "replica-catalog-job")
    arguments = job.inputs["defaultArguments"]
    databases = {one.inputs["name"] for one in of_type(stack, "CatalogDatabase")}
    assert set(arguments["--databases"].split(",")) == databases
    assert arguments["--replica_bucket"] == f"energy-trading-datalake-{stack}-replica"
    assert arguments["--backup_bucket"] == f"energy-trading-datalake-{stack}-artifacts-replica"
    assert arguments["--replica_region"] == AWAY
    assert {"replica-catalog-script", "replica-backup-policy", "pipeline-package"} <= behind(stack, job)
    found = statements(stack, "replica-backup-policy")
    writes = [arn for one in found.values() if "s3:PutObject" in one["Action"] for arn in one["Resource"]]
    spill = f"arn:aws:s3:::energy-trading-datalake-{stack}-artifacts/temporary/catalog-backup/*"
    backups = f"arn:aws:s3:::energy-trading-datalake-{stack}-artifacts-replica/catalog-backups/*"
    assert sorted(writes) == sorted([spill, backups])
    changing = ("Create", "Update", "Delete", "Put", "Grant", "Revoke", "Add", "Remove")
    actions = {action for one in found.values() for action in one["Action"]}
    for action in actions:
        service, _, verb = action.partition(":")
        assert service not in {"glue", "lakeformation", "redshift"} or not verb.startswith(changing), action


def test_the_backups_role_sees_the_whole_catalog_before_the_catalog_is_closed(stack: str) -> None:
    (settings,) = of_type(stack, "DataLakeSettings")
    role = named(stack, "replica-backup-role").inputs["name"]
    assert role in {arn.rpartition("/")[2] for arn in settings.inputs["readOnlyAdmins"]}
    assert "replica-backup-role" in names_of(stack, settings.dependencies)
    assert not any(role in one.inputs["principal"] for one in of_type(stack, "Permissions"))


def test_the_lake_is_listed_daily_into_the_log_bucket_of_its_region(stack: str) -> None:
    lists = {one.inputs["bucket"]: one.inputs for one in of_type(stack, "Inventory")}
    for suffix in ("", "-replica"):
        inputs = lists.pop(f"energy-trading-datalake-{stack}{suffix}")
        destination = inputs["destination"]["bucket"]
        logs = f"energy-trading-datalake-{stack}-logs{suffix}"
        assert destination["bucketArn"] == f"arn:aws:s3:::{logs}"
        assert {"EncryptionStatus", "ReplicationStatus"} <= set(inputs["optionalFields"])
        side = "replica-" if suffix else ""
        takes = statements(stack, f"{side}logs-policy")["TakesInventoriesOfData"]
        assert takes["Resource"] == f"arn:aws:s3:::{logs}/{destination['prefix']}/*"
        assert takes["Condition"]["ArnEquals"]["aws:SourceArn"] == (
            f"arn:aws:s3:::energy-trading-datalake-{stack}{suffix}"
        )
        kept = {rule["filter"]["prefix"] for rule in named(stack, f"{side}logs-lifecycle").inputs["rules"]}
        assert f"{destination['prefix']}/" in kept
    assert not lists


def test_requests_of_the_lake_are_measured(stack: str) -> None:
    (metric,) = of_type(stack, "BucketMetric")
    assert metric.inputs == {"bucket": f"energy-trading-datalake-{stack}", "name": "EntireBucket"}
