"""Athena workgroups: enforced settings, encrypted results, a result location of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    settle,
    unverified,
)
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, is_true

_CONFIGURATION = "configuration"
_RESULTS = (_CONFIGURATION, "resultConfiguration")
_KMS_OPTIONS = ("SSE_KMS", "CSE_KMS")


def _each(graph: Graph, judge: Callable[[Graph, Resource], Iterator[Judgement]]) -> Iterator[Judgement]:
    for workgroup in graph.of(Kind.ATHENA_WORKGROUP):
        yield from settle(workgroup, judge(graph, workgroup))


def _enforced(graph: Graph, workgroup: Resource) -> Iterator[Judgement]:
    del graph
    enforce = workgroup.at(_CONFIGURATION, "enforceWorkgroupConfiguration")
    if isinstance(enforce, Unknown):
        yield unverified(workgroup, "enforceWorkgroupConfiguration is not known yet")
    # AWS enforces by default; a workgroup without a configuration has nothing to enforce.
    elif not (is_true(enforce) or (enforce is None and workgroup.at(_CONFIGURATION) is not None)):
        yield fails(workgroup, "clients may override its result location and encryption")


def _encrypted(graph: Graph, workgroup: Resource) -> Iterator[Judgement]:
    option = workgroup.at(*_RESULTS, "encryptionConfiguration", "encryptionOption")
    key = workgroup.at(*_RESULTS, "encryptionConfiguration", "kmsKeyArn")
    if isinstance(option, Unknown):
        yield unverified(workgroup, "encryptionOption is not known yet")
        return
    if option not in _KMS_OPTIONS:
        yield fails(
            workgroup, f"query results are encrypted with {option or 'nothing'}, not SSE_KMS or CSE_KMS"
        )
        return
    use = key_use(graph, workgroup, _CONFIGURATION, key)
    if use is KeyUse.UNKNOWN:
        yield unverified(workgroup, "kmsKeyArn is not known yet and leads to no key of the stack")
    elif use is not KeyUse.CUSTOMER:
        named = "no key" if use is KeyUse.ABSENT else f"'{key}', no customer key"
        yield fails(workgroup, f"query results use {option} with {named}")


def _located(graph: Graph, workgroup: Resource) -> Iterator[Judgement]:
    location = workgroup.at(*_RESULTS, "outputLocation")
    if isinstance(location, Unknown):
        yield unverified(workgroup, "outputLocation is not known yet")
        return
    if not isinstance(location, str) or not location.startswith("s3://"):
        yield fails(workgroup, "has no result location: each client brings its own")
        return
    own = _prefix(location)
    for other in graph.of(Kind.ATHENA_WORKGROUP):
        theirs = other.at(*_RESULTS, "outputLocation")
        if other.urn != workgroup.urn and _lies_within(own, theirs):
            text = f"writes results to {location}, which lies within the results of workgroup {other.name}"
            yield fails(workgroup, text, "Give each workgroup a prefix that no other workgroup's contains.")


def _prefix(location: str) -> str:
    return location.rstrip("/") + "/"


def _lies_within(own: str, theirs: Value) -> bool:
    return isinstance(theirs, str) and own.startswith(_prefix(theirs))


_KINDS = frozenset({Kind.ATHENA_WORKGROUP})

CONTROLS = (
    Control(
        id="DL-ATH-01",
        name="athena-wg-enforce",
        title="Workgroups enforce their settings on clients",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="Unenforced, a client's own settings win: results go where and how the client likes.",
        fix="Set configuration.enforceWorkgroupConfiguration to true.",
        judge=lambda graph: _each(graph, _enforced),
        kinds=_KINDS,
        alone=_KINDS,
        anchors=("CKV_AWS_82",),
    ),
    Control(
        id="DL-ATH-02",
        name="athena-wg-encrypted",
        title="Workgroups encrypt query results under a customer key",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="Results are copies of the data that was asked for, personal data included.",
        fix="Set resultConfiguration.encryptionConfiguration to SSE_KMS with the ARN of a key.",
        judge=lambda graph: _each(graph, _encrypted),
        kinds=_KINDS,
        alone=_KINDS,
        anchors=("CKV_AWS_159",),
    ),
    Control(
        id="DL-ATH-03",
        name="athena-wg-result-location",
        title="Workgroups write query results to a location of their own",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="In a shared location one group reads what another group was allowed to ask.",
        fix="Set resultConfiguration.outputLocation to an s3:// prefix of this workgroup only.",
        judge=lambda graph: _each(graph, _located),
        kinds=_KINDS,
        alone=_KINDS,
    ),
)
