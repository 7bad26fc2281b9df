"""What goes wrong on real AWS though the deployment succeeds: each case is visible in the inputs."""

import json
import re
from typing import Any

import pytest

from tests.unit.graph_support import behind, named, names_of, of_type, statements
from tests.unit.recorder import STACKS, UNKNOWN, stack_config


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_log_delivery_needs_sse_s3_and_a_bucket_that_does_not_log_itself(stack: str) -> None:
    def default(name: str) -> dict[str, Any]:
        (rule,) = named(stack, f"{name}-encryption").inputs["rules"]
        return dict(rule)

    assert default("logs") == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    for name in ("data", "results", "artifacts"):
        rule = default(name)
        assert rule["bucketKeyEnabled"] is True
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    loggers = {one.inputs["bucket"]: one.inputs["targetBucket"] for one in of_type(stack, "BucketLogging")}
    target = f"energy-trading-datalake-{stack}-logs"
    assert set(loggers.values()) == {target, f"{target}-replica"}
    assert not set(loggers) & set(loggers.values())
    everything = {one.inputs["bucket"] for one in of_type(stack, "Bucket")}
    assert set(loggers) == everything - set(loggers.values())
    for one in of_type(stack, "BucketLogging"):
        away = "region" in one.inputs
        assert one.inputs["targetBucket"] == (f"{target}-replica" if away else target)
        assert ("replica-logs-policy" if away else "logs-policy") in names_of(stack, one.dependencies)


def test_bucket_encryption_names_the_key_by_its_arn_of_the_right_purpose(stack: str) -> None:
    for bucket, key in {"data": "data", "artifacts": "data", "results": "results"}.items():
        one = named(stack, f"{bucket}-encryption")
        default = one.inputs["rules"][0]["applyServerSideEncryptionByDefault"]
        assert default["kmsMasterKeyId"] == UNKNOWN, "an alias resolves in the caller's account"
        assert names_of(stack, one.property_dependencies["rules"]) == {f"keys-{key}-key"}


def test_a_versioned_bucket_also_ends_hidden_versions_markers_and_unfinished_uploads(stack: str) -> None:
    assert all(
        one.inputs["versioningConfiguration"]["status"] == "Enabled"
        for one in of_type(stack, "BucketVersioning")
    )
    lifecycles = of_type(stack, "BucketLifecycleConfiguration")
    assert len(lifecycles) == len(of_type(stack, "Bucket")) == 8
    for one in lifecycles:
        rules = {rule["id"]: rule for rule in one.inputs["rules"]}
        for name, rule in rules.items():
            assert rule["status"] == "Enabled"
            if name.endswith("-markers"):
                assert rule["expiration"] == {"expiredObjectDeleteMarker": True}
                continue
            assert rule["noncurrentVersionExpiration"]["noncurrentDays"] >= 1
            assert rule["abortIncompleteMultipartUpload"]["daysAfterInitiation"] >= 1
            assert rules[f"{name}-markers"]["filter"] == rule["filter"]
        assert any(name.endswith("-versioning") for name in names_of(stack, one.dependencies))


def test_whatever_is_written_into_a_bucket_of_ours_has_an_end(stack: str) -> None:
    def prefixes(name: str) -> set[str]:
        rules = named(stack, f"{name}-lifecycle").inputs["rules"]
        return {rule["filter"]["prefix"] for rule in rules if "expiration" in rule}

    results = {
        one.inputs["configuration"]["resultConfiguration"]["outputLocation"].split("/", 3)[3]
        for one in of_type(stack, "Workgroup")
    }
    assert prefixes("results") == results
    logged = {one.inputs["targetPrefix"] for one in of_type(stack, "BucketLogging")}
    logged |= {f"{one.inputs['destination']['bucket']['prefix']}/" for one in of_type(stack, "Inventory")}
    assert all(prefix.startswith(tuple(prefixes("logs"))) for prefix in logged)
    temporary = {
        one.inputs["defaultArguments"]["--TempDir"].split("/", 3)[3] for one in of_type(stack, "Job")
    }
    assert all(prefix.startswith("temporary/") for prefix in temporary)
    assert "temporary/" in prefixes("artifacts")


def test_a_job_is_told_that_a_key_is_absent_instead_of_being_refused(stack: str) -> None:
    for job in ("raw-to-processed", "processed-to-curated"):
        policy = json.loads(named(stack, f"pipeline-{job}-policy").inputs["policy"])
        listing = [one["Condition"] for one in policy["Statement"] if one["Action"] == ["s3:ListBucket"]]
        assert {"Null": {"s3:prefix": "true"}} in listing


def test_raw_data_is_kept_ninety_days(stack: str) -> None:
    rules = {rule["id"]: rule for rule in named(stack, "data-lifecycle").inputs["rules"]}
    assert rules["raw"]["expiration"] == {"days": 90}
    assert rules["raw"]["filter"] == {"prefix": "raw/"}
    assert rules["raw"]["noncurrentVersionExpiration"]["noncurrentDays"] <= 90
    for zone in ("processed", "curated"):
        assert "expiration" not in rules[zone]
        assert [step["storageClass"] for step in rules[zone]["transitions"]] == ["STANDARD_IA", "GLACIER_IR"]


def test_each_bucket_has_one_notification_document_and_only_the_lake_has_events(stack: str) -> None:
    (one,) = of_type(stack, "BucketNotification")
    assert one.inputs == {"bucket": f"energy-trading-datalake-{stack}", "eventbridge": True}


def test_keys_rotate_and_have_a_policy(stack: str) -> None:
    for one in of_type(stack, "Key"):
        assert one.inputs["enableKeyRotation"] is True
        assert 7 <= one.inputs["deletionWindowInDays"] <= 30
        assert json.loads(one.inputs["policy"])["Statement"]


def test_nobody_has_default_rights_and_settings_come_before_databases(stack: str) -> None:
    (settings,) = of_type(stack, "DataLakeSettings")
    assert settings.inputs["createDatabaseDefaultPermissions"] == []
    assert settings.inputs["createTableDefaultPermissions"] == []
    config = stack_config(stack)["energy-trading-datalake:lake_formation"]
    assert config["deployer_role_arn"] in settings.inputs["admins"]
    for database in of_type(stack, "CatalogDatabase"):
        assert {"catalog-lake-settings", "catalog-encryption"} <= names_of(stack, database.dependencies)


def test_administrators_and_the_deployer_never_get_grants(stack: str) -> None:
    (settings,) = of_type(stack, "DataLakeSettings")
    principals = {one.inputs["principal"] for one in of_type(stack, "Permissions")}
    assert not principals & set(settings.inputs["admins"])
    roles = {one.inputs["name"] for one in of_type(stack, "Role")}
    assert {principal.rpartition("/")[2] for principal in principals} <= roles


def test_grants_are_explicit_sorted_and_without_super_rights(stack: str) -> None:
    grants = of_type(stack, "Permissions")
    assert len(grants) >= 12
    for one in grants:
        rights = one.inputs["permissions"]
        assert rights == sorted(rights)
        assert not set(rights) & {"ALL", "SUPER", "DROP", "CREATE_DATABASE"}
        assert "permissionsWithGrantOptions" not in one.inputs


def test_locations_are_registered_with_an_own_role_after_what_lies_in_them(stack: str) -> None:
    locations = of_type(stack, "Resource")
    assert {one.inputs["arn"].rpartition("/")[2] for one in locations} == {"raw", "processed", "curated"}
    for one in locations:
        assert one.inputs["roleArn"].endswith(f"energy-trading-datalake-{stack}-governed-location")
        assert "useServiceLinkedRole" not in one.inputs
        zone = one.inputs["arn"].rpartition("/")[2]
        before = behind(stack, one)
        assert f"catalog-{zone}-database" in before
        assert "catalog-location-policy" in before


def test_crawlers_change_nothing_and_group_by_declared_table(stack: str) -> None:
    for one in of_type(stack, "Crawler"):
        assert one.inputs["schemaChangePolicy"] == {"updateBehavior": "LOG", "deleteBehavior": "LOG"}
        configuration = json.loads(one.inputs["configuration"])
        assert configuration["Grouping"] == {"TableGroupingPolicy": "CombineCompatibleSchemas"}


def test_every_table_that_is_crawled_has_a_crawler_of_its_own(stack: str) -> None:
    crawled = {}
    for one in of_type(stack, "Crawler"):
        (target,) = one.inputs["catalogTargets"]
        (table,) = target["tables"]
        crawled[target["databaseName"], table] = one.inputs["name"]
    assert set(crawled) == {
        (table.inputs["databaseName"], table.inputs["name"])
        for table in of_type(stack, "CatalogTable")
        if "_curated_" not in table.inputs["databaseName"]
    }
    assert len(of_type(stack, "Crawler")) == len(crawled) == 8
    assert crawled[f"energy_raw_{stack}", "transactions"] == "raw-data-crawler"
    assert crawled[f"energy_processed_{stack}", "transactions"] == "processed-data-crawler"
    assert crawled[f"energy_processed_{stack}", "dq_results"] == "processed-data-crawler-dq-results"


def test_a_crawler_reads_by_what_lake_formation_lends_and_by_nothing_else(stack: str) -> None:
    """It lends a crawler a single table; rights of its own on S3 would lead past its grants."""
    for one in of_type(stack, "Crawler"):
        (target,) = one.inputs["catalogTargets"]
        zone = target["databaseName"].split("_")[1]
        assert one.inputs["lakeFormationConfiguration"] == {"useLakeFormationCredentials": True}
        granted = statements(stack, f"{one.name}-policy")
        actions = {action for statement in granted.values() for action in statement["Action"]}
        assert "lakeformation:GetDataAccess" in actions
        assert not [action for action in actions if action.startswith("s3:")]
        keys = {
            sid for sid, statement in granted.items() if any("kms:" in one for one in statement["Action"])
        }
        assert keys == {"UseCatalogKey"}
        tables = [arn for arn in granted["CompareTable"]["Resource"] if ":table/" in arn]
        assert [arn.partition(":table/")[2] for arn in tables] == [
            f"{target['databaseName']}/{target['tables'][0]}"
        ]
        table = named(stack, f"{one.name}-tables-grant").inputs
        assert table["permissions"] == ["ALTER", "DESCRIBE", "SELECT"]
        assert table["table"]["name"] == target["tables"][0]
        assert "wildcard" not in table["table"]
        database = named(stack, f"{one.name}-database-grant").inputs["permissions"]
        assert database == ["CREATE_TABLE", "DESCRIBE"], "AWS's guide asks for both"
        assert "glue:CreateTable" not in actions
        location = named(stack, f"{one.name}-location-grant").inputs["dataLocation"]["arn"]
        assert location.endswith(f"energy-trading-datalake-{stack}/{zone}")
        grants = {f"{one.name}-{subject}-grant" for subject in ("database", "location", "tables")}
        assert {*grants, f"{one.name}-policy"} <= names_of(stack, one.dependencies)
        assert f"catalog-{zone}-location" in behind(stack, one), "before it is registered, nothing is lent"


def test_who_uses_the_encrypted_catalog_may_do_all_that_glue_asks_for(stack: str) -> None:
    used = [
        statement
        for one in of_type(stack, "RolePolicy")
        for statement in json.loads(one.inputs["policy"])["Statement"]
        if statement["Sid"] == "UseCatalogKey"
    ]
    assert len(used) >= 9, "jobs, crawlers, the backup and the personas"
    for statement in used:
        assert set(statement["Action"]) == {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"}


def test_policies_name_log_groups_as_cloudwatch_logs_asks(stack: str) -> None:
    """With a trailing `:*` for everything but tagging: without it nothing is allowed."""
    on_groups = {"logs:CreateLogGroup", "logs:AssociateKmsKey", "logs:DescribeLogStreams"}
    named = [
        arn
        for one in of_type(stack, "RolePolicy")
        for statement in json.loads(one.inputs["policy"])["Statement"]
        if on_groups & set(statement["Action"])
        for arn in statement["Resource"]
    ]
    assert len(named) > 10
    assert all(arn.endswith(":*") for arn in named)


def test_jobs_pin_their_engine_and_are_bounded(stack: str) -> None:
    jobs = of_type(stack, "Job")
    assert len(jobs) == 4
    for one in jobs:
        inputs = one.inputs
        assert inputs["glueVersion"] == "5.1"
        assert inputs["numberOfWorkers"] >= 2
        assert 0 < inputs["notificationProperty"]["notifyDelayAfter"] < inputs["timeout"]
        assert inputs["executionProperty"]["maxConcurrentRuns"] >= 1
        assert inputs["defaultArguments"]["--job-bookmark-option"] == "job-bookmark-disable"


def test_a_job_finds_its_script_and_package_where_the_stack_uploads_them(stack: str) -> None:
    uploads = {
        f"s3://{one.inputs['bucket']}/{one.inputs['key']}": one for one in of_type(stack, "BucketObjectv2")
    }
    assert all(one.inputs["bucketKeyEnabled"] for one in uploads.values())
    for job in of_type(stack, "Job"):
        needed = [job.inputs["command"]["scriptLocation"], job.inputs["defaultArguments"]["--extra-py-files"]]
        for uri in needed:
            assert uploads[uri].name in names_of(stack, job.dependencies)
            assert uploads[uri].inputs["source"]["path"].startswith("/"), "the engine's folder is another one"


def test_security_configuration_is_complete_and_every_step_uses_it(stack: str) -> None:
    (one,) = of_type(stack, "SecurityConfiguration")
    encryption = one.inputs["encryptionConfiguration"]
    assert encryption["s3Encryption"] == {"s3EncryptionMode": "SSE-KMS", "kmsKeyArn": UNKNOWN}
    assert encryption["cloudwatchEncryption"] == {"cloudwatchEncryptionMode": "SSE-KMS", "kmsKeyArn": UNKNOWN}
    bookmarks = encryption["jobBookmarksEncryption"]
    assert bookmarks == {"jobBookmarksEncryptionMode": "CSE-KMS", "kmsKeyArn": UNKNOWN}
    for step in of_type(stack, "Job") + of_type(stack, "Crawler"):
        assert step.inputs["securityConfiguration"] == one.inputs["name"]
        assert one.name in names_of(stack, step.dependencies)


def test_log_groups_are_encrypted_finite_and_named_as_glue_names_them(stack: str) -> None:
    prefix = f"energy-trading-datalake-{stack}"
    groups = of_type(stack, "LogGroup")
    assert {one.inputs["name"] for one in groups} == {
        f"/aws-glue/jobs/{prefix}-role/{prefix}-raw-to-processed/output",
        f"/aws-glue/jobs/{prefix}-role/{prefix}-raw-to-processed/error",
        f"/aws-glue/jobs/{prefix}-role/{prefix}-processed-to-curated/output",
        f"/aws-glue/jobs/{prefix}-role/{prefix}-processed-to-curated/error",
        f"/aws-glue/jobs/{prefix}-role/{prefix}-processed-to-redshift/output",
        f"/aws-glue/jobs/{prefix}-role/{prefix}-processed-to-redshift/error",
        *(
            f"/aws-glue/crawlers-role/{prefix}-{one.inputs['name']}-{prefix}"
            for one in of_type(stack, "Crawler")
        ),
        f"/aws-glue/jobs/{prefix}-role/{prefix}-catalog-backup/output",
        f"/aws-glue/jobs/{prefix}-role/{prefix}-catalog-backup/error",
        *(f"/aws/redshift/cluster/{prefix}/{kind}log" for kind in ("connection", "user", "useractivity")),
        f"/{prefix}/vpc-flow-logs",
        f"/aws/cloudtrail/{prefix}",
    }
    for one in groups:
        assert one.inputs["retentionInDays"] >= 1
        assert names_of(stack, one.property_dependencies["kmsKeyId"]) == {"keys-logs-key"}


def test_the_workflow_has_one_event_start_that_aws_is_never_asked_to_start(stack: str) -> None:
    starts = [one for one in of_type(stack, "Trigger") if one.inputs["type"] == "EVENT"]
    assert len(starts) == 1
    assert starts[0].inputs["enabled"] is False
    assert "startOnCreation" not in starts[0].inputs
    (batching,) = starts[0].inputs["eventBatchingConditions"]
    assert 1 <= batching["batchSize"] <= 100
    assert 1 <= batching["batchWindow"] <= 900


def _steps(of: list[dict[str, Any]]) -> set[str]:
    return {one.get("crawlerName") or one["jobName"] for one in of}


def test_the_steps_follow_each_other_on_success(stack: str) -> None:
    follows: dict[str, set[str]] = {}
    for one in of_type(stack, "Trigger"):
        started = _steps(one.inputs["actions"])
        assert not started & set(follows), "two triggers would start it twice"
        if one.inputs["type"] != "CONDITIONAL":
            follows |= {name: set() for name in started}
            continue
        assert one.inputs["enabled"] is True
        assert one.inputs["predicate"]["logical"] == "AND"
        conditions = one.inputs["predicate"]["conditions"]
        for condition in conditions:
            assert condition["logicalOperator"] == "EQUALS"
            assert condition.get("crawlState", condition.get("state")) == "SUCCEEDED"
            assert ("crawlState" in condition) == ("crawlerName" in condition)
        follows |= {name: _steps(conditions) for name in started}
    crawlers = {one.inputs["name"] for one in of_type(stack, "Crawler")}
    raw = {name for name in crawlers if name.startswith("raw-")}
    first = {name for name in raw if not follows[name]}
    assert "raw-data-crawler" in first
    assert all(follows[name] == first for name in raw - first)
    assert {name: follows[name] for name in set(follows) - raw} == {
        "raw-to-processed": raw,
        **{name: {"raw-to-processed"} for name in crawlers - raw},
        "processed-to-curated": crawlers - raw,
        "processed-to-redshift": {"processed-to-curated"},
    }
    for one in of_type(stack, "Trigger"):
        before = names_of(stack, one.dependencies)
        assert {f"pipeline-{name}" for name in crawlers} <= before
        assert {"pipeline-raw-to-processed-job", "pipeline-flow-workflow"} <= before


def test_a_trigger_starts_as_many_crawlers_as_aws_lets_it(stack: str) -> None:
    """Two: https://docs.aws.amazon.com/glue/latest/dg/about-triggers.html."""
    for one in of_type(stack, "Trigger"):
        assert 1 <= len(one.inputs["actions"]) <= 2
    parts = [*of_type(stack, "Trigger"), *of_type(stack, "Crawler"), *of_type(stack, "Job")]
    assert len(parts) <= 100, "larger workflows cannot be stopped or resumed reliably"


def test_new_raw_objects_reach_exactly_this_workflow(stack: str) -> None:
    account = stack_config(stack)["energy-trading-datalake:account_id"]
    workflow = f"arn:aws:glue:eu-west-1:{account}:workflow/energy-trading-pipeline"
    pattern = json.loads(named(stack, "pipeline-flow-object-rule").inputs["eventPattern"])
    assert pattern["detail"]["bucket"]["name"] == [f"energy-trading-datalake-{stack}"]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "raw/"}]
    rules = {one.inputs["name"] for one in of_type(stack, "EventRule") if one.name.startswith("pipeline-")}
    starters = [one for one in of_type(stack, "EventTarget") if one.name.startswith("pipeline-")]
    assert starters
    for one in starters:
        assert one.inputs["arn"] == workflow
        assert one.inputs["rule"] in rules
        assert "pipeline-flow-starter-policy" in names_of(stack, one.dependencies)
    (statement,) = json.loads(named(stack, "pipeline-flow-starter-policy").inputs["policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["glue:NotifyEvent"], [workflow])
    trust = json.loads(named(stack, "pipeline-flow-starter-role").inputs["assumeRolePolicy"])
    sources = trust["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert {f"arn:aws:events:eu-west-1:{account}:rule/{rule}" for rule in rules} <= set(sources)


def test_the_clock_starts_a_run_where_there_is_a_clock() -> None:
    def schedules(stack: str) -> list[str]:
        return [
            one.inputs["scheduleExpression"]
            for one in of_type(stack, "EventRule")
            if "scheduleExpression" in one.inputs
        ]

    assert schedules("prod") == ["cron(30 4 * * ? *)"]
    assert schedules("local") == []


def test_workgroups_hold_clients_to_limit_place_owner_and_encryption(stack: str) -> None:
    account = stack_config(stack)["energy-trading-datalake:account_id"]
    places = set()
    for one in of_type(stack, "Workgroup"):
        configuration = one.inputs["configuration"]
        assert configuration["enforceWorkgroupConfiguration"] is True
        assert configuration["publishCloudwatchMetricsEnabled"] is True
        assert configuration["bytesScannedCutoffPerQuery"] >= 10_000_000
        results = configuration["resultConfiguration"]
        assert results["expectedBucketOwner"] == account
        assert results["encryptionConfiguration"] == {"encryptionOption": "SSE_KMS", "kmsKeyArn": UNKNOWN}
        assert names_of(stack, one.property_dependencies["configuration"]) == {"keys-results-key"}
        places.add(results["outputLocation"])
    bucket = f"s3://energy-trading-datalake-{stack}-results"
    groups = ("analysts", "reporting", "data-science", "data-engineers")
    assert places == {f"{bucket}/{group}/" for group in groups}


def test_the_catalog_is_encrypted_passwords_too(stack: str) -> None:
    (one,) = of_type(stack, "DataCatalogEncryptionSettings")
    settings = one.inputs["dataCatalogEncryptionSettings"]
    assert settings["encryptionAtRest"] == {"catalogEncryptionMode": "SSE-KMS", "sseAwsKmsKeyId": UNKNOWN}
    assert settings["connectionPasswordEncryption"] == {
        "awsKmsKeyId": UNKNOWN,
        "returnConnectionPasswordEncrypted": True,
    }


def test_ec2_takes_the_descriptions_of_groups_and_rules(stack: str) -> None:
    """EC2 refuses an apostrophe or a letter with an accent, at creation only.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
    """
    kinds = ("SecurityGroup", "SecurityGroupIngressRule", "SecurityGroupEgressRule")
    described = [one for kind in kinds for one in of_type(stack, kind)]
    assert {one.short_type for one in described} == set(kinds)
    allowed = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
    assert [one.name for one in described if not allowed.fullmatch(one.inputs["description"])] == []
