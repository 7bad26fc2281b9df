import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from components.bucket_policies import bucket_policy
from components.iam import allow, document, use_key
from components.key_policies import ADMINISTRATION, CRYPTOGRAPHY, key_policy
from components.names import KeyPurpose, Names, Store
from components.pipeline_plan import CRAWLERS
from components.settings import parse
from tests.unit.iam_lint_support import as_list, condition_keys, lint, lint_resource_policy
from tests.unit.recorder import STACKS, Registration, recorded, stack_config

NAMES = Names.of(parse("prod", stack_config("prod")))
SIZES = {"RolePolicy": 10_240, "Role": 2_048, "Key": 32_768, "BucketPolicy": 20_480}
"""Characters without blanks, as AWS counts them by default."""
SAYS_NO_SOURCE = {"scheduler.redshift.amazonaws.com", "cloudtrail.amazonaws.com"}
"""Services that do not say for which account they assume a role: a condition would shut them out."""


def documents(stack: str, kind: str) -> Iterator[tuple[Registration, dict[str, Any]]]:
    key = "assumeRolePolicy" if kind == "Role" else "policy"
    for one in recorded(stack):
        if one.short_type == kind:
            yield one, json.loads(one.inputs[key])


def statements(stack: str, kind: str) -> Iterator[tuple[Registration, dict[str, Any]]]:
    for one, found in documents(stack, kind):
        for statement in found["Statement"]:
            yield one, statement


@pytest.mark.parametrize("stack", STACKS)
def test_every_role_policy_lints_clean(stack: str) -> None:
    found = list(documents(stack, "RolePolicy"))
    assert len(found) >= 17
    assert [(one.name, problem) for one, policy in found for problem in lint(policy)] == []


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kind", ["Key", "BucketPolicy"])
def test_every_key_and_bucket_policy_lints_clean(stack: str, kind: str) -> None:
    found = list(documents(stack, kind))
    assert len(found) == 8
    assert [(one.name, problem) for one, policy in found for problem in lint_resource_policy(policy)] == []


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kind", sorted(SIZES))
def test_no_document_exceeds_its_limit(stack: str, kind: str) -> None:
    for one, policy in documents(stack, kind):
        assert len(json.dumps(policy, separators=(",", ":"))) <= SIZES[kind], one.name


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (allow("A", ["s3:GetObjects"], ["*"]), "no action s3:GetObjects"),
        (allow("A", ["s3:*"], ["*"]), "no action s3:*"),
        (allow("A", ["s3:GetObject"], ["*"]), "supports resources"),
        (allow("A", ["s3:GetObject"], ["arn:aws:s3:::bucket"]), "fits none"),
        (allow("A", ["glue:GetSecurityConfiguration"], ["arn:aws:glue:a:b:c"]), "supports no resources"),
        (
            allow("A", ["s3:GetObject"], ["arn:aws:s3:::b/*", "arn:aws:s3:::b"]),
            "no action of ['s3:GetObject'] works on arn:aws:s3:::b",
        ),
        (
            allow("A", ["s3:GetObject"], ["arn:aws:s3:::b/*"], {"StringLike": {"s3:prefix": "raw/"}}),
            "s3:prefix is no condition key of s3:GetObject",
        ),
        (allow("A", ["cloudwatch:PutMetricData"], ["*"]), "supports resources"),
    ],
)
def test_the_linter_finds_what_is_wrong(statement: dict[str, Any], problem: str) -> None:
    assert any(problem in found for found in lint(document(statement)))


@pytest.mark.parametrize("stack", STACKS)
def test_services_assume_roles_for_this_account_only(stack: str) -> None:
    account = stack_config(stack)["energy-trading-datalake:account_id"]
    for one, statement in statements(stack, "Role"):
        if "AWS" in statement["Principal"]:
            continue
        assert set(statement["Principal"]) == {"Service"}, one.name
        if statement["Principal"]["Service"] in SAYS_NO_SOURCE:
            continue
        assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == account
        assert statement["Action"] == "sts:AssumeRole"


@pytest.mark.parametrize("stack", STACKS)
def test_what_roles_are_allowed_exists_in_the_stack(stack: str) -> None:
    names = Names.of(parse(stack, stack_config(stack)))
    graph = [one for one in recorded(stack) if one.custom]
    known = {"*", names.arn("glue", "catalog"), names.arn("kms", "key/*"), names.workflow_arn}
    known |= {names.warehouse_secret_arn, names.arn("glue", f"connection/{names.warehouse_connection}")}
    known |= {names.replica.arn("kms", "key/*"), names.cluster_arn, names.replica.cluster_arn}
    for one in graph:
        if one.short_type == "Job":
            known.add(names.arn("glue", f"job/{one.inputs['name']}"))
        if one.short_type == "Workgroup":
            known |= {names.arn("athena", f"workgroup/{one.inputs['name']}")}
            known |= {names.arn("athena", "datacatalog/AwsDataCatalog")}
        if one.short_type == "CatalogDatabase":
            known.add(names.arn("glue", f"database/{one.inputs['name']}"))
            known.add(names.arn("glue", f"table/{one.inputs['name']}/*"))
        if one.short_type == "CatalogTable":
            known.add(names.arn("glue", f"table/{one.inputs['databaseName']}/{one.inputs['name']}"))
        if one.short_type == "LogGroup":
            known.add(f"{names.log_group_arn(one.inputs['name'])}:*")
            known.add(f"{names.log_group_arn(one.inputs['name'])}:log-stream:*")
            trail = f"{names.account}_CloudTrail_{names.region}*"
            known.add(f"{names.log_group_arn(one.inputs['name'])}:log-stream:{trail}")
        if one.short_type == "Vpc":
            parts = ("network-interface/*", "subnet/*", "security-group/*", "vpc/*")
            known |= {names.arn("ec2", part) for part in parts}
    buckets = {one.inputs["bucket"] for one in graph if one.short_type == "Bucket"}
    aliases = {one.inputs["name"] for one in graph if one.short_type == "Alias"}
    for one, statement in statements(stack, "RolePolicy"):
        for arn in as_list(statement["Resource"]):
            if arn.startswith("arn:aws:s3:::"):
                assert arn.removeprefix("arn:aws:s3:::").split("/")[0] in buckets, (one.name, arn)
            else:
                assert arn in known, (one.name, arn)
        if any(action.startswith("kms:") for action in as_list(statement["Action"])):
            assert set(statement["Condition"]["ForAnyValue:StringEquals"]["kms:ResourceAliases"]) <= aliases


def test_each_job_writes_its_own_zone_and_reads_no_later_one() -> None:
    granted = {
        one.inputs["role"].removeprefix("energy-trading-datalake-prod-"): {
            (action, arn)
            for statement in json.loads(one.inputs["policy"])["Statement"]
            for action in as_list(statement["Action"])
            for arn in as_list(statement["Resource"])
        }
        for one in recorded("prod")
        if one.short_type == "RolePolicy"
    }
    lake = "arn:aws:s3:::energy-trading-datalake-prod"

    def zones(role: str, action: str) -> set[str]:
        return {
            arn.removeprefix(f"{lake}/") for act, arn in granted[role] if act == action and f"{lake}/" in arn
        }

    assert zones("raw-to-processed", "s3:PutObject") == {"processed/*"}
    assert zones("raw-to-processed", "s3:GetObject") == {"raw/*", "processed/*"}
    assert zones("processed-to-curated", "s3:PutObject") == {"curated/*"}
    assert zones("processed-to-curated", "s3:GetObject") == {"processed/*", "curated/*"}
    assert zones("governed-location", "s3:GetObject") == {"raw/*", "processed/*", "curated/*"}
    assert zones("governed-location", "s3:PutObject") == set()
    for name in granted:
        if "data-crawler" in name:
            assert zones(name, "s3:GetObject") == zones(name, "s3:PutObject") == set()
    assert not any(action.startswith("iam:") for grants in granted.values() for action, _ in grants)


@pytest.mark.parametrize("purpose", list(KeyPurpose))
def test_a_key_is_administered_by_the_account_and_used_only_as_its_purpose_says(purpose: KeyPurpose) -> None:
    policy = key_policy(NAMES, purpose, ["/aws-glue/a"])
    administer, use, *_ = policy["Statement"]
    assert administer["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert set(administer["Action"]) & set(CRYPTOGRAPHY) == set()
    assert "kms:PutKeyPolicy" in ADMINISTRATION
    assert not any("*" in action for statement in policy["Statement"] for action in statement["Action"])
    assert use["Condition"], "cryptography is always conditioned"
    if purpose is KeyPurpose.LOGS:
        assert use["Principal"] == {"Service": "logs.eu-west-1.amazonaws.com"}
        context = use["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
        assert context == ["arn:aws:logs:eu-west-1:444455556666:log-group:/aws-glue/a"]
    else:
        conditions = use["Condition"]["StringEquals"]
        assert conditions["kms:CallerAccount"] == "444455556666"
        assert all(via.endswith(".eu-west-1.amazonaws.com") for via in conditions["kms:ViaService"])


@pytest.mark.parametrize("stack", STACKS)
def test_the_logs_key_encrypts_exactly_the_log_groups_of_the_stack(stack: str) -> None:
    names = Names.of(parse(stack, stack_config(stack)))
    groups = {
        names.log_group_arn(one.inputs["name"]) for one in recorded(stack) if one.short_type == "LogGroup"
    }
    (policy,) = (found for one, found in documents(stack, "Key") if one.name == "keys-logs-key")
    context = policy["Statement"][1]["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
    assert set(context) == groups


def test_only_writers_make_data_keys() -> None:
    assert "kms:GenerateDataKey" in use_key(NAMES, KeyPurpose.DATA, ["s3"], write=True)["Action"]
    assert use_key(NAMES, KeyPurpose.DATA, ["s3"], write=False)["Action"] == ["kms:Decrypt"]


@pytest.mark.parametrize("store", list(Store))
def test_every_bucket_refuses_plain_http_and_old_tls(store: Store) -> None:
    denials = {one["Sid"]: one for one in bucket_policy(NAMES, store)["Statement"] if one["Effect"] == "Deny"}
    everything = [NAMES.bucket_arn(store), f"{NAMES.bucket_arn(store)}/*"]
    for sid, condition in {
        "DenyPlainHttp": {"Bool": {"aws:SecureTransport": "false"}},
        "DenyTlsBelow12": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    }.items():
        assert denials[sid]["Condition"] == condition
        assert denials[sid]["Resource"] == everything
        assert denials[sid]["Action"] == ["s3:*"]
        assert denials[sid]["Principal"] == {"AWS": "*"}


@pytest.mark.parametrize("store", [Store.DATA, Store.RESULTS, Store.ARTIFACTS])
def test_a_put_without_an_encryption_header_passes_and_a_wrong_header_does_not(store: Store) -> None:
    """A denial only ever applies where its header is present: the bucket's default comes after the policy."""
    denials = [one for one in bucket_policy(NAMES, store)["Statement"] if one["Action"] == ["s3:PutObject"]]
    assert len(denials) == 3
    for denial in denials:
        headers = condition_keys(denial)
        assert denial["Condition"]["Null"] == dict.fromkeys(headers, "false")


def test_only_log_delivery_of_our_buckets_is_let_into_the_log_bucket() -> None:
    policy = bucket_policy(NAMES, Store.LOGS, [Store.DATA, Store.RESULTS])
    allowed = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    assert [one["Principal"] for one in allowed] == [{"Service": "logging.s3.amazonaws.com"}] * 2
    for one, source in zip(allowed, [Store.DATA, Store.RESULTS], strict=True):
        assert one["Resource"] == f"{NAMES.bucket_arn(Store.LOGS)}/s3-access/{NAMES.bucket(source)}/*"
        assert one["Condition"]["ArnEquals"] == {"aws:SourceArn": NAMES.bucket_arn(source)}
    quiet = set(Store) - {Store.LOGS, Store.AUDIT}
    others = [bucket_policy(NAMES, store)["Statement"] for store in quiet]
    assert {statement["Effect"] for found in others for statement in found} == {"Deny"}


def test_a_role_whose_name_would_be_too_long_for_iam_ends_in_a_digest() -> None:
    names = replace(NAMES, stack="s" * 16)
    functions = [crawler.name for crawler in CRAWLERS]
    roles = [names.role(function) for function in functions]
    assert len(set(roles)) == len(functions)
    assert max(len(role) for role in roles) == 64
    assert names.role("raw-data-crawler") == f"energy-trading-datalake-{names.stack}-raw-data-crawler"
    assert all(NAMES.role(function).endswith(function) for function in functions)
