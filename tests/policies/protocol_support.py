"""The pack as the engine drives it: a child process, its port, and the analyzer protocol."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
import yaml
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as pb
from pulumi.runtime.proto import analyzer_pb2_grpc
from pulumi_policy import proxy
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policies"
PROJECT = "energy-trading-datalake"
UNKNOWN = proxy.UNKNOWN_STRING_VALUE
STACK_TOKEN = "pulumi:pulumi:Stack"

_LEVELS = {pb.ADVISORY: "advisory", pb.MANDATORY: "mandatory"}


def secret(value: Any) -> dict[str, Any]:
    """A value as the engine sends a secret."""
    return {SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": value}


@dataclass(frozen=True)
class Res:
    """A resource as the engine sends it.

    `deps` maps a property to the names of the resources it came from; `computed` are the properties that
    the provider added, so that they are no inputs.
    """

    token: str
    name: str
    props: Mapping[str, Any] = field(default_factory=dict)
    deps: Mapping[str, Sequence[str]] = field(default_factory=dict)
    computed: frozenset[str] = frozenset()
    parent: str = ""
    protect: bool = False

    def under(self, parent: str) -> Res:
        """The resource as a child of another, by its name."""
        return replace(self, parent=parent)

    def having(self, **props: Any) -> Res:
        """The resource with some properties replaced; `None` removes one."""
        merged = {**self.props, **props}
        return replace(self, props={key: value for key, value in merged.items() if value is not None})

    def inputs(self) -> dict[str, Any]:
        """What the program gave."""
        return {key: value for key, value in self.props.items() if key not in self.computed}

    def urn(self, stack: str) -> str:
        return f"urn:pulumi:{stack}::{PROJECT}::{self.token}::{self.name}"


@dataclass(frozen=True)
class Finding:
    """A diagnostic of the pack."""

    policy: str
    resource: str
    level: str
    message: str


@dataclass(frozen=True)
class Analysis:
    """What the pack answered, and the report it wrote."""

    findings: tuple[Finding, ...]
    not_applicable: tuple[str, ...]
    report: dict[str, Any]

    def of(self, policy: str) -> list[Finding]:
        return [finding for finding in self.findings if finding.policy == policy]

    def mandatory(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level == "mandatory"]

    def control(self, name: str) -> dict[str, Any]:
        """The report's entry for a control, by name or id."""
        return next(entry for entry in self.report["controls"] if name in (entry["name"], entry["id"]))

    def verdicts(self, name: str) -> set[str]:
        """The verdicts that a control gave at least once."""
        return {verdict for verdict, count in self.control(name)["verdicts"].items() if count}


class Pack:
    """A running pack."""

    def __init__(self, channel: grpc.Channel, report: Path) -> None:
        self._stub = analyzer_pb2_grpc.AnalyzerStub(channel)
        self._report = report

    def info(self) -> Any:
        from google.protobuf import empty_pb2

        return self._stub.GetAnalyzerInfo(empty_pb2.Empty())

    def remedies(self, resource: Res) -> grpc.StatusCode:
        """How the pack answers the engine's question for remedies."""
        try:
            self._stub.Remediate(pb.AnalyzeRequest(type=resource.token, name=resource.name))
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    def configure(self, levels: Mapping[str, Mapping[str, Any]]) -> None:
        """Set levels and properties as `--policy-pack-config` does; an empty mapping resets them."""
        request = pb.ConfigureAnalyzerRequest()
        for name, given in levels.items():
            settings = dict(given)
            level = settings.pop("enforcementLevel", "mandatory")
            request.policyConfig[name].enforcementLevel = pb.EnforcementLevel.Value(level.upper())
            request.policyConfig[name].properties.update(settings)
        self._stub.Configure(request)

    def analyze_stack(self, resources: Sequence[Res], stack: str = "dev") -> Analysis:
        """What the pack says of a whole stack."""
        return self.analyze_request(self.request(resources, stack))

    @staticmethod
    def request(resources: Sequence[Res], stack: str = "dev") -> pb.AnalyzeStackRequest:
        """What the engine sends for a stack."""
        all_resources = [Res(STACK_TOKEN, f"{PROJECT}-{stack}"), *resources]
        urns = {resource.name: resource.urn(stack) for resource in all_resources}
        return pb.AnalyzeStackRequest(resources=[_message(r, stack, urns) for r in all_resources])

    def send(self, request: pb.AnalyzeStackRequest) -> pb.AnalyzeResponse:
        """The bare answer of the pack."""
        response: pb.AnalyzeResponse = self._stub.AnalyzeStack(request)
        return response

    def analyze_request(self, request: pb.AnalyzeStackRequest) -> Analysis:
        """What the pack says of a stack as an engine sent it."""
        self._report.unlink(missing_ok=True)
        names = {resource.urn: resource.name for resource in request.resources}
        response = self.send(request)
        report = json.loads(self._report.read_text()) if self._report.exists() else {}
        findings = tuple(
            Finding(d.policyName, names.get(d.urn, d.urn), _LEVELS[d.enforcementLevel], d.message)
            for d in response.diagnostics
        )
        return Analysis(findings, tuple(n.policy_name for n in response.not_applicable), report)

    def analyze(self, resource: Res, stack: str = "dev") -> tuple[Finding, ...]:
        """What the pack says of the inputs of one resource before it is created."""
        response = self._stub.Analyze(
            pb.AnalyzeRequest(
                type=resource.token,
                name=resource.name,
                urn=resource.urn(stack),
                properties=_struct(resource.inputs()),
            )
        )
        return tuple(
            Finding(d.policyName, resource.name, _LEVELS[d.enforcementLevel], d.message)
            for d in response.diagnostics
        )


def _message(resource: Res, stack: str, urns: Mapping[str, str]) -> pb.AnalyzerResource:
    dependencies = {
        prop: pb.AnalyzerPropertyDependencies(urns=[urns[name] for name in targets])
        for prop, targets in resource.deps.items()
    }
    return pb.AnalyzerResource(
        type=resource.token,
        name=resource.name,
        urn=resource.urn(stack),
        properties=_struct(resource.props),
        dependencies=sorted({urns[name] for targets in resource.deps.values() for name in targets}),
        propertyDependencies=dependencies,
        parent=urns.get(resource.parent, ""),
        options=pb.AnalyzerResourceOptions(protect=resource.protect),
    )


def _struct(props: Mapping[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(dict(props))
    return message


def recorded_program(
    program: Path, project: str, stack: str, target: Path, **changes: Any
) -> pb.AnalyzeStackRequest:
    """What the first preview of a program would be judged on, recorded in a process of its own.

    `changes` are settings of the project that replace those of the stack.
    """
    settings = program / f"Pulumi.{stack}.yaml"
    config = (yaml.safe_load(settings.read_text()) if settings.exists() else {}).get("config", {})
    config = {**config, **{f"{project}:{name}": value for name, value in changes.items()}}
    encoded = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    done = subprocess.run(
        [sys.executable, "-m", "tests.policies.record_program", str(program), project, stack, str(target)],
        cwd=ROOT,
        env={**os.environ, "PULUMI_CONFIG": json.dumps(encoded)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    request = pb.AnalyzeStackRequest()
    request.ParseFromString(target.read_bytes())
    return request


@contextmanager
def running_pack(report: Path, pack: Path = PACK, **environment: str) -> Iterator[Pack]:
    """Start the pack the way the engine does (`.` in the pack's own folder) and stop it afterwards."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI")}
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."],
        cwd=pack,
        env={**inherited, "LAKE_POLICY_REPORT": str(report), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        port = process.stdout.readline().strip()
        assert port.isdigit(), process.stderr.read()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Pack(channel, report)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
