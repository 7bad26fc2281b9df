"""Property values keep their meaning on the wire and in state."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from local.provider import values
from local.provider.values import UNKNOWN, Archive, Asset, Secret, conceal, from_struct, reveal, to_struct


@pytest.mark.parametrize(
    "value",
    [
        True,
        0,
        -3,
        1.5,
        "text",
        "",
        [],
        {},
        [1, "a", {"b": [False]}],
        UNKNOWN,
        [UNKNOWN, {"a": UNKNOWN}],
        Secret("hidden"),
        Secret({"a": [1]}),
        {"a": [Secret(UNKNOWN)]},
        Asset(hash="ab", text="print()"),
        Asset(hash="cd", path="/a/b.py"),
        Asset(hash="only-a-hash"),
        Archive(hash="ef", assets={"a.py": Asset(hash="ab", text="x"), "d": Archive(hash="gh", path="/d")}),
    ],
    ids=repr,
)
def test_a_value_comes_back_from_the_wire_as_it_was(value: Any) -> None:
    sent = struct_pb2.Struct.FromString(to_struct({"p": value}).SerializeToString())
    assert from_struct(sent) == {"p": value}


def test_integral_numbers_arrive_as_integers() -> None:
    struct = struct_pb2.Struct()
    struct.update({"whole": 90.0, "part": 0.5})
    arrived = from_struct(struct)
    assert isinstance(arrived["whole"], int)
    assert arrived == {"whole": 90, "part": 0.5}


def test_the_signatures_are_those_of_the_sdk() -> None:
    assert rpc._special_sig_key == values.SIGNATURE
    assert rpc._special_asset_sig == values.ASSET
    assert rpc._special_archive_sig == values.ARCHIVE
    assert rpc._special_secret_sig == values.SECRET
    assert rpc._special_resource_sig == values.RESOURCE
    assert rpc._special_output_value_sig == values.OUTPUT
    assert rpc.UNKNOWN in values.UNKNOWN_SENTINELS


def test_an_output_value_is_its_value_secret_or_unknown() -> None:
    def output(**fields: Any) -> Any:
        struct = struct_pb2.Struct()
        struct.update({"p": {values.SIGNATURE: values.OUTPUT, **fields}})
        return from_struct(struct)["p"]

    assert output(value="a") == "a"
    assert output(value="a", secret=True) == Secret("a")
    assert output() is UNKNOWN
    assert output(secret=True) == Secret(UNKNOWN)


def test_an_unknown_signature_is_refused() -> None:
    struct = struct_pb2.Struct()
    struct.update({"p": {values.SIGNATURE: "something new"}})
    with pytest.raises(ValueError, match="something new"):
        from_struct(struct)


def test_secrets_are_put_back_where_they_were() -> None:
    inputs = {"a": Secret("x"), "b": {"c": [1, Secret("y")], "d": 2}, "e": 3}
    outputs = {**reveal(inputs), "arn": "arn:x"}
    assert conceal(outputs, inputs) == {**inputs, "arn": "arn:x"}


def test_a_list_that_changed_its_length_is_secret_as_a_whole() -> None:
    assert conceal({"a": ["x", "y", "z"]}, {"a": [Secret("x"), "y"]}) == {"a": Secret(["x", "y", "z"])}


def test_a_secret_never_shows_in_a_representation() -> None:
    assert "hidden" not in repr({"a": [Secret("hidden")]})
