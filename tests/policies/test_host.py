"""The pack's server answers as the SDK's own does, and unpacks a stack once."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi_policy import EnforcementLevel, PolicyPack
from pulumi_policy import policy as sdk

from policies import host
from policies.host import REGISTRAR, SERVER, resources_of, servicer_of
from policies.pack import NAME, build
from tests.policies.protocol_support import PACK, UNKNOWN, Pack, Res, secret
from tests.policies.stack_support import changed, key, lake, without

STACKS: dict[str, Sequence[Res]] = {
    "sound": lake(),
    "empty": [],
    "broken": changed("key", enableKeyRotation=False),
    "unknown": changed("data-versioning", versioningConfiguration=UNKNOWN),
    "secret": changed("job", defaultArguments=secret({"--password": "x"}), securityConfiguration=None),
    "incomplete": without("data-pab"),
    "lists": changed("data-sse", rules=[{"bucketKeyEnabled": 7.0}]),
}


def _server(kind: Any, pack: Any) -> Any:
    return kind(NAME, "1", pack.policies, EnforcementLevel.MANDATORY, *[None] * 7)


def _answer(server: Any, stack: Sequence[Res], name: str) -> set[tuple[str, str, str, int]]:
    response = server.AnalyzeStack(Pack.request(stack, name), None)
    return {(d.policyName, d.urn, d.message, d.enforcementLevel) for d in response.diagnostics}


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS.keys())
@pytest.mark.parametrize("name", ["dev", "prod"])
def test_answers_are_those_of_the_sdks_own_server(stack: Sequence[Res], name: str) -> None:
    pack = build()
    assert _answer(_server(servicer_of(pack), pack), stack, name) == _answer(
        _server(sdk._PolicyAnalyzerServicer, pack), stack, name
    )


def _asked(server: Any, res: Res) -> list[tuple[str, str, int]]:
    request = pb.AnalyzeRequest(type=res.token, name=res.name, urn=res.urn("dev"))
    request.properties.update(res.inputs())
    response = server.Analyze(request, None)
    return [(d.policyName, d.message, d.enforcementLevel) for d in response.diagnostics]


@pytest.mark.parametrize("preview", ["true", "false"])
def test_answers_about_one_resource_are_those_of_the_sdks_own_server(
    preview: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_DRY_RUN", preview)
    ours, theirs = build(), build()
    fast = _server(servicer_of(ours), ours)
    slow = _server(sdk._PolicyAnalyzerServicer, theirs)
    asked = [*STACKS["broken"], *STACKS["secret"], Res("random:index/randomId:RandomId", "id", {})]
    answers = [_asked(fast, res) for res in asked]
    assert answers == [_asked(slow, res) for res in asked]
    assert any(answers) is (preview == "false")
    for res in asked:
        assert ours.sessions.seen.of(res.urn("dev")) == theirs.sessions.seen.of(res.urn("dev"))


def test_stack_is_unpacked_once_however_many_policies_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[int] = []

    def counted(*given: Any) -> Any:
        unpacked.append(1)
        return resources_of(*given)

    def never(*given: Any) -> Any:
        raise AssertionError("the SDK made a copy of a resource")

    pack = build()
    server = _server(servicer_of(pack), pack)
    monkeypatch.setattr(host, "resources_of", counted)
    monkeypatch.setattr(sdk, "deserialize_properties", never)
    assert _answer(server, STACKS["broken"], "dev")
    assert unpacked == [1]


def test_sdk_takes_the_server_by_the_name_that_the_pack_sets() -> None:
    assert f"servicer = {SERVER}(" in inspect.getsource(PolicyPack.__init__)
    overridden = ("Analyze", "AnalyzeStack", "_configure_runtime_settings")
    for used in (*overridden, "_get_enforcement_level", "_get_policy_config"):
        assert callable(getattr(sdk._PolicyAnalyzerServicer, used))
    assert f"analyzer_pb2_grpc.{REGISTRAR}(" in inspect.getsource(PolicyPack.__init__)


def test_analysis_leaves_nothing_behind_for_the_next() -> None:
    pack = build()
    server = _server(servicer_of(pack), pack)
    assert _answer(server, STACKS["broken"], "dev") != _answer(server, lake(), "dev")
    with pytest.raises(AttributeError):
        server.AnalyzeStack(None, None)
    assert pack.sessions.of([]).graph.resources == ()


def test_protection_parents_and_edges_come_with_the_message() -> None:
    request = Pack.request([key(), *changed("data-sse")])
    request.resources[1].options.protect = True
    request.resources[1].parent = "urn:parent"
    found = resources_of(request, build().sessions.seen)
    assert found[1].protect
    assert found[1].parent == "urn:parent"
    sse = next(r for r in found if r.name == "data-sse")
    assert [urn.rpartition("::")[2] for urn in sse.property_dependencies["rules"]] == ["key"]


def test_level_that_only_knows_remedies_counts_as_mandatory() -> None:
    pack = build()
    server = _server(servicer_of(pack), pack)
    request = pb.ConfigureAnalyzerRequest()
    request.policyConfig["kms-rotation"].enforcementLevel = pb.REMEDIATE
    server.Configure(request, None)
    levels = {(policy, level) for policy, _, _, level in _answer(server, STACKS["broken"], "dev")}
    assert ("kms-rotation", pb.MANDATORY) in levels


def test_host_ends_with_the_engine_that_was_killed(tmp_path: Path) -> None:
    # The engine: it starts the host, tells its process, and is killed without a chance to end it.
    engine = (
        "import subprocess, sys, time; host = subprocess.Popen([sys.executable, '-u', '-m', 'pulumi.policy',"
        " '127.0.0.1:1', '.'], stdout=subprocess.PIPE); host.stdout.readline(); print(host.pid, flush=True);"
        " time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", engine],
        cwd=PACK,
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    ) as started:
        assert started.stdout is not None
        host = int(started.stdout.readline())
        assert _lives(host)
        started.kill()
    deadline = time.monotonic() + 20
    while _lives(host) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _lives(host)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    # A zombie that init has not buried yet is dead.
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
