"""Stacks out of files that an engine wrote, of this program and of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policies.check import main
from policies.graph.kinds import Kind
from policies.graph.values import UNKNOWN, Opaque
from policies.signatures import KEY, SECRET
from policies.state_files import UnreadableFileError, graph, read
from tests.policies.protocol_support import UNKNOWN as SENTINEL

URN = "urn:pulumi:dev::other"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
PASSWORD = "hunter2-never-to-be-seen"


def resource(token: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"urn": f"{URN}::{token}::{name}", "custom": True, "type": token, "inputs": inputs, **more}


def bucket(name: str, **more: Any) -> dict[str, Any]:
    return resource("aws:s3/bucket:Bucket", name, {"bucket": name}, **more)


def export(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"manifest": {}, "resources": list(resources)}}


def preview(*states: dict[str, Any], same: int = 0) -> dict[str, Any]:
    steps = [{"op": "create", "urn": state["urn"], "newState": state} for state in states]
    return {"steps": steps, "changeSummary": {"create": len(steps), "same": same}}


def written(tmp_path: Path, content: Any) -> Path:
    file = tmp_path / "stack.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_outputs_inputs_and_edges_of_a_state_are_read() -> None:
    key = f"{URN}::aws:kms/key:Key::k"
    state = bucket(
        "b",
        id="b",
        outputs={"bucket": "b", "arn": "arn:aws:s3:::b", "versioning": {"enabled": False}},
        dependencies=[key],
        propertyDependencies={"bucket": [], "rules": [key]},
        protect=True,
        parent=f"{URN}::pulumi:pulumi:Stack::other-dev",
    )
    (read_back,) = graph(export(state)).resources
    assert read_back.name == "b"
    assert read_back.kind is Kind.BUCKET
    assert read_back.props["arn"] == "arn:aws:s3:::b"
    assert read_back.props["id"] == "b"
    assert read_back.property_dependencies == {"rules": (key,)}
    assert read_back.dependencies == (key,)
    assert read_back.protect
    assert read_back.authored("bucket")
    assert not read_back.authored("versioning"), "the provider found it, the program did not give it"


def test_state_file_of_a_backend_is_read_like_its_export() -> None:
    state = {"version": 3, "checkpoint": {"stack": "dev", "latest": {"resources": [bucket("b")]}}}
    assert graph(state).resources == graph(export(bucket("b"))).resources


def test_resource_that_waits_to_be_deleted_is_not_the_stack() -> None:
    old, new = bucket("b", delete=True, id="old"), bucket("b", id="new")
    assert [r.props["id"] for r in graph(export(old, new)).resources] == ["new"]


def test_looked_up_resource_has_no_inputs_of_the_program() -> None:
    (found,) = graph(export(bucket("b", external=True))).resources
    assert found.inputs is None


def test_secrets_stay_closed_also_where_the_file_has_them_in_the_clear() -> None:
    closed = {KEY: SECRET, "ciphertext": "v1:abc"}
    open_ = {KEY: SECRET, "plaintext": json.dumps(PASSWORD)}
    state = resource(
        "aws:redshift/cluster:Cluster", "w", {"masterPassword": open_, "a": [closed, "[secret]"]}
    )
    (read_back,) = graph(export(state)).resources
    assert read_back.props == {"masterPassword": UNKNOWN, "a": [UNKNOWN, UNKNOWN]}
    assert PASSWORD not in repr(read_back)


def test_assets_and_unheard_of_signatures_are_values_without_content() -> None:
    state = resource("aws:s3/bucketObjectv2:BucketObjectv2", "o", {"source": {KEY: ASSET}, "x": {KEY: "?"}})
    (read_back,) = graph(export(state)).resources
    assert read_back.props == {"source": Opaque("asset"), "x": Opaque("signed value")}


def test_what_a_preview_does_not_know_is_unknown_and_not_absent() -> None:
    state = resource("aws:kms/alias:Alias", "a", {"targetKeyId": SENTINEL})
    (planned,) = graph(preview(state)).resources
    assert planned.props == {"targetKeyId": UNKNOWN, "id": UNKNOWN, "arn": UNKNOWN}
    component = {"urn": f"{URN}::my:own:Component::c", "custom": False, "type": "my:own:Component"}
    assert [r.props for r in graph(preview(component)).resources] == [{}]


def test_deleted_resources_of_a_preview_are_gone_and_replaced_ones_come_once() -> None:
    content = preview(bucket("b", id="old"), bucket("b", id="new"))
    content["steps"].append({"op": "delete", "urn": f"{URN}::x", "oldState": bucket("gone")})
    assert [r.props["id"] for r in graph(content).resources] == ["new"]


def test_preview_that_leaves_out_unchanged_resources_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match=r"leaves out 3 unchanged.*--show-sames"):
        graph(preview(bucket("b"), same=3))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "7",
        "null",
        "{}",
        '{"deployment": null}',
        '{"deployment": {"resources": 7}}',
        '{"deployment": {"resources": [7]}}',
        '{"deployment": {"resources": [{}]}}',
        '{"steps": {}}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:40],
)
def test_file_that_is_no_stack_is_refused_in_one_line(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(written(tmp_path, content))]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "stack.json" in err
    assert "pulumi stack export" in err
    assert len(err.splitlines()) == 1


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="No such file"):
        read(tmp_path / "missing.json")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UnreadableFileError, match="UTF-8"):
        read(tmp_path / "binary")


def test_bare_bucket_of_another_program_is_found_wanting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content in (export(bucket("mine")), preview(bucket("mine"))):
        assert main([str(written(tmp_path, content))]) == 1
        out = capsys.readouterr().out
        assert f"{URN}::aws:s3/bucket:Bucket::mine" in out
        assert "DL-S3-04 s3-public-access-block [critical]" in out
        assert "fix: " in out
        assert out.splitlines()[-1].startswith("✗ 1 resource,")


def test_stack_without_anything_to_find_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rotated = resource("random:index/randomId:RandomId", "id", {"byteLength": 4})
    assert main([str(written(tmp_path, export(rotated)))]) == 0
    out = capsys.readouterr().out
    assert out.startswith("✓ 1 resource,")
    assert out.endswith("; no control looked at any of them\n"), "a pass that saw nothing says so"


def test_stack_in_another_cloud_is_not_passed_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(written(tmp_path, export(resource("gcp:storage/bucket:Bucket", "there", {}))))]) == 0
    out = capsys.readouterr().out
    assert "DL-COV-01" in out
    assert "the pack reads the aws provider only" in out
    assert "1 advisory" in out


def test_arguments_choose_profile_format_and_coverage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(written(tmp_path, export(bucket("mine"))))
    assert main([file, "--format", "sarif"]) == 1
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    assert main([file, "--format", "json", "--profile", "stack"]) == 1
    assert json.loads(capsys.readouterr().out)["stack"] == "dev"
    assert main([file, "--coverage"]) == 1
    assert "Looked at:" in capsys.readouterr().out
