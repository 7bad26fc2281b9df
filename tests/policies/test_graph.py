"""The graph: values, names, joins, documents, principals."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import proxy

from policies.graph import arns
from policies.graph.arns import covers, local_name, parse_arn
from policies.graph.buckets import find_buckets
from policies.graph.conditions import AUDIENCE_KEYS, DEPUTY_KEYS, Narrows, narrowed_by
from policies.graph.documents import State, parse
from policies.graph.kinds import KIND_OF, Kind
from policies.graph.known_types import NOTHING_TO_JUDGE
from policies.graph.model import Join
from policies.graph.principals import identities
from policies.graph.values import UNKNOWN, Unknown, at, plain
from policies.iam.facts import actions_of, expand, is_effectively_star
from tests.policies.graph_support import graph
from tests.policies.protocol_support import UNKNOWN as SENTINEL
from tests.policies.protocol_support import Res
from tests.policies.stack_support import ACCOUNT, BUCKET, KEY_ARN, allow, document, lake, take_logs, text


def test_values_of_the_sdks_proxies_become_plain_with_unknowns_marked() -> None:
    raw = proxy.unknown_checking_proxy(
        {
            "days": 7.0,
            "ratio": 0.5,
            "flag": True,
            "none": None,
            "gone": proxy.UNKNOWN_ARRAY_VALUE,
            "built": f"arn:{SENTINEL}:x",
            "nested": {"list": ["a", proxy.UNKNOWN_NUMBER_VALUE, {"deep": proxy.UNKNOWN_OBJECT_VALUE}]},
            "__defaults": ["x"],
        }
    )
    value = plain(raw)
    assert value == {
        "days": 7,
        "ratio": 0.5,
        "flag": True,
        "none": None,
        "gone": UNKNOWN,
        "built": Unknown(f"arn:{SENTINEL}:x"),
        "nested": {"list": ["a", UNKNOWN, {"deep": UNKNOWN}]},
    }
    assert isinstance(value, dict)
    assert type(value["days"]) is int


def test_path_enters_lists_of_one_and_stays_unknown_below_an_unknown() -> None:
    assert at({"rule": [{"mode": "x"}]}, "rule", "mode") == "x"
    assert at({"rule": [{"mode": "x"}, {"mode": "y"}]}, "rule", "mode") is None
    assert at({"rule": UNKNOWN}, "rule", "mode", "deeper") is UNKNOWN
    assert at({}, "rule", "mode") is None


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::1:role/path/etl", "etl"),
        ("arn:aws:s3:::lake/raw/x", "lake"),
        ("arn:aws:kms:eu-west-1:1:key/0b1c", "0b1c"),
        ("arn:aws:kms:eu-west-1:1:alias/lake", "alias/lake"),
        ("arn:aws-cn:logs:cn-north-1:1:log-group:/aws-glue/jobs:*", "/aws-glue/jobs"),
        ("plain", "plain"),
    ],
)
def test_local_name_of_an_arn(arn: str, name: str) -> None:
    assert local_name(arn) == name


def test_what_is_no_arn_is_not_parsed() -> None:
    assert parse_arn("s3://bucket/key") is None
    assert parse_arn("arn:aws:s3") is None


@pytest.mark.parametrize(
    ("pattern", "other", "expected"),
    [
        ("s3:*", "s3:Get*", True),
        ("s3:Get*", "s3:*", False),
        ("s3:Get?", "s3:Get*", False),
        ("*", "anything", True),
        ("a.c", "abc", False),
        ("s3:GetObject", "s3:getobject", False),
    ],
)
def test_pattern_covers_another_only_if_it_takes_all_of_it(pattern: str, other: str, expected: bool) -> None:
    assert covers(pattern, other) is expected


@pytest.mark.parametrize(
    ("resource", "action", "star"),
    [
        ("*", "s3:GetObject", True),
        ("**", "s3:GetObject", True),
        ("arn:aws:s3:::*", "s3:GetObject", True),
        ("arn:aws:s3:::*/*", "s3:GetObject", True),
        ("arn:*:*:*:*:*", "s3:ListBucket", True),
        ("arn:aws:s3:::lake-*", "s3:ListBucket", False),
        ("arn:aws:s3:::lake/*", "s3:GetObject", False),
        ("arn:aws:s3:::*/raw/*", "s3:GetObject", False),
        ("arn:aws:kms:eu-west-1:1:key/*", "kms:Decrypt", True),
        (KEY_ARN, "kms:Decrypt", False),
        ("arn:aws:glue:eu-west-1:1:table/*/*", "glue:GetTable", True),
        ("arn:aws:glue:eu-west-1:1:table/db/*", "glue:GetTable", False),
        ("arn:aws:glue:eu-west-1:1:catalog", "glue:GetTable", False),
        ("arn:aws:logs:eu-west-1:1:log-group:/x:log-stream:*", "logs:PutLogEvents", False),
        ("arn:aws:logs:eu-west-1:1:log-group:*", "logs:PutLogEvents", True),
        ("*", "lakeformation:GetDataAccess", False),
    ],
)
def test_effectively_star_is_judged_by_the_arn_formats_of_the_action(
    resource: str, action: str, star: bool
) -> None:
    (fact,) = expand(action)
    assert any(is_effectively_star(resource, arn_format) for arn_format in fact.arn_formats) is star


def test_facts_know_levels_and_expansions() -> None:
    assert {action.level for action in expand("s3:PutBucketPolicy")} == {"Permissions management"}
    assert {action.level for action in expand("S3:getobject")} == {"Read"}
    assert len(expand("s3:*")) == len(actions_of("s3")) > 100
    assert expand("nosuchservice:*") == ()
    assert expand("s3:NoSuchAction") == ()


def test_document_is_read_from_text_object_scalar_and_list_alike() -> None:
    statement = allow("s3:GetObject", "*", {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, Principal="*")
    listed = {
        **allow(["s3:GetObject"], ["*"], {"StringEquals": {"AWS:SourceAccount": [ACCOUNT]}}),
        "Principal": ["*"],
    }
    forms: list[Any] = [
        document(statement),
        text(statement),
        document(listed),
        {"Statement": statement},
        {"statements": [{key.lower(): value for key, value in statement.items()}]},
    ]
    parsed = [parse(form) for form in forms]
    assert all(one == parsed[0] for one in parsed)
    assert parsed[0].state is State.KNOWN


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (None, State.ABSENT),
        ("", State.ABSENT),
        (UNKNOWN, State.UNKNOWN),
        ("{", State.INVALID),
        ("[]", State.INVALID),
        ({"Statement": []}, State.INVALID),
        ({"Statement": ["x"]}, State.INVALID),
        ({"Statement": {"Effect": "allow", "Action": "*"}}, State.INVALID),
        ({"Statement": UNKNOWN}, State.UNKNOWN),
        (Unknown(f'{{"Statement": {SENTINEL}}}'), State.UNKNOWN),
    ],
)
def test_document_that_cannot_be_read_says_why(value: Any, state: State) -> None:
    parsed = parse(value)
    assert parsed.state is state
    assert bool(parsed.problem) is (state is State.INVALID)


def test_document_with_an_unknown_inside_keeps_what_is_known() -> None:
    known, unknown = allow("s3:*", "*"), allow("s3:GetObject", f"arn:aws:s3:::{SENTINEL}")
    parsed = parse(plain(text(known, unknown)))
    assert parsed.state is State.KNOWN
    assert [statement.is_unknown for statement in parsed.statements] == [False, True]


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, Narrows.YES),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}}, Narrows.YES),
        ({"ArnLike": {"aws:SourceArn": f"arn:aws:glue:*:{ACCOUNT}:job/*"}}, Narrows.YES),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::lake-*"}}, Narrows.YES),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:glue:*:*:job/*"}}, Narrows.NO),
        ({"ArnLike": {"aws:SourceArn": ["arn:aws:s3:::lake", "*"]}}, Narrows.NO),
        ({"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}, Narrows.NO),
        ({"ForAllValues:StringEquals": {"aws:SourceAccount": ACCOUNT}}, Narrows.NO),
        ({"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}, Narrows.NO),
        ({"Null": {"aws:SourceAccount": "false"}}, Narrows.NO),
        ({"StringEquals": {"s3:prefix": "raw/"}}, Narrows.NO),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}, Narrows.NO),
        ({}, Narrows.NO),
        ({"StringEquals": {"aws:SourceAccount": SENTINEL}}, Narrows.UNKNOWN),
        (SENTINEL, Narrows.UNKNOWN),
    ],
)
def test_only_conditions_that_a_stranger_cannot_meet_narrow(condition: Any, answer: Narrows) -> None:
    (statement,) = parse(plain({"Statement": {**allow("s3:*", "*"), "Condition": condition}})).statements
    assert narrowed_by(statement, DEPUTY_KEYS | AUDIENCE_KEYS) is answer


def test_reference_is_followed_by_name_arn_dependency_or_reported_as_outside() -> None:
    def follow(value: Any, **deps: list[str]) -> Join:
        source = Res("aws:glue/job:Job", "probe", {"roleArn": value} if value else {}, deps)
        built = graph([*lake(), source])
        return built.follow(built.resources[-1], "roleArn", Kind.ROLE).join

    assert follow("etl") is Join.FOUND
    assert follow(f"arn:aws:iam::{ACCOUNT}:role/etl") is Join.FOUND
    assert follow(SENTINEL, roleArn=["etl"]) is Join.FOUND
    assert follow(SENTINEL, roleArn=["etl", "starter"]) is Join.UNKNOWN
    assert follow(SENTINEL, roleArn=["key"]) is Join.UNKNOWN
    assert follow(SENTINEL) is Join.UNKNOWN
    assert follow("somebody-else") is Join.EXTERNAL
    assert follow(None) is Join.ABSENT


def test_log_bucket_is_known_by_who_logs_into_it_or_by_whom_it_admits() -> None:
    logging_only = [r for r in lake() if r.name != "logs-policy"]
    admitting_only = [r for r in lake() if r.name != "data-logging"]
    for stack in (logging_only, admitting_only):
        roles = {bucket.label: bucket.is_log_target for bucket in find_buckets(graph(stack))}
        assert roles == {BUCKET: False, f"{BUCKET}-logs": True}
    neither = [r for r in logging_only if r.name != "data-logging"]
    assert not any(bucket.is_log_target for bucket in find_buckets(graph(neither)))


def test_sub_resources_of_a_bucket_outside_the_stack_are_one_bucket() -> None:
    policy = {"bucket": "outside", "policy": json.dumps(document(take_logs("outside")))}
    versions = {"bucket": "outside", "versioningConfiguration": {"status": "Enabled"}}
    stack = [
        Res("aws:s3/bucketPolicy:BucketPolicy", "p", policy),
        Res("aws:s3/bucketVersioning:BucketVersioning", "v", versions),
    ]
    (bucket,) = find_buckets(graph(stack))
    assert bucket.resource is None
    assert bucket.label == "outside"
    assert bucket.is_log_target


def test_effective_policy_is_the_union_of_every_way_to_hold_one() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy"
    managed = [
        Res("aws:iam/policy:Policy", name, {"name": name, "policy": text(allow("s3:GetObject", name))})
        for name in ("one", "two", "three", "four")
    ]
    stack = [
        Res(
            "aws:iam/role:Role",
            "role",
            {
                "name": "role",
                "inlinePolicies": [{"name": "inline", "policy": text(allow("s3:GetObject", "inline"))}],
                "managedPolicyArns": [f"{arn}/one"],
            },
        ),
        Res(
            "aws:iam/rolePolicy:RolePolicy",
            "own",
            {"role": "role", "policy": text(allow("s3:GetObject", "own"))},
        ),
        *managed,
        Res(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            "a",
            {"role": "role", "policyArn": f"{arn}/two"},
        ),
        Res(
            "aws:iam/policyAttachment:PolicyAttachment",
            "b",
            {"roles": [SENTINEL], "policyArn": SENTINEL},
            {"roles": ["role"], "policyArn": ["three"]},
        ),
        Res(
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            "c",
            {"roleName": "role", "policyArns": [f"{arn}/four"]},
        ),
    ]
    (effective,) = identities(graph(stack)).effective.values()
    held = {statement.resources[0] for grant in effective.grants for statement in grant.document.statements}
    assert held == {"inline", "own", "one", "two", "three", "four"}


def test_no_type_is_both_judged_and_excused() -> None:
    assert not set(KIND_OF) & set(NOTHING_TO_JUDGE)


@given(st.text("aB*?:", max_size=6), st.text("abB*?:", max_size=8), st.booleans())
def test_what_a_glob_covers_is_what_its_expression_matches(glob: str, other: str, ignore_case: bool) -> None:
    assert arns.covers(glob, other, ignore_case=ignore_case) is bool(
        arns._pattern(glob, ignore_case).fullmatch(other)
    )
