"""Glue data catalog: encryption of metadata and of connection passwords."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    lacks_account_setting,
    passes,
    settle,
    unverified,
)
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import Unknown, Value, is_true

_PROPERTY = "dataCatalogEncryptionSettings"
_KINDS = frozenset({Kind.GLUE_CATALOG_ENCRYPTION})


def _at_rest(graph: Graph) -> Iterator[Judgement]:
    for settings in graph.of(Kind.GLUE_CATALOG_ENCRYPTION):
        mode = settings.at(_PROPERTY, "encryptionAtRest", "catalogEncryptionMode")
        key = settings.at(_PROPERTY, "encryptionAtRest", "sseAwsKmsKeyId")
        if isinstance(mode, Unknown):
            yield unverified(settings, "catalogEncryptionMode is not known yet")
        elif mode not in ("SSE-KMS", "SSE-KMS-WITH-SERVICE-ROLE"):
            yield fails(
                settings, f"the catalog's metadata is not encrypted: {mode or 'no mode'}, not SSE-KMS"
            )
        else:
            yield from settle(settings, _key_problems(graph, settings, "sseAwsKmsKeyId", key))


def _present(graph: Graph) -> Iterator[Judgement]:
    for database in graph.of(Kind.GLUE_DATABASE):
        if graph.of(Kind.GLUE_CATALOG_ENCRYPTION):
            yield passes(database)
        else:
            text = "lies in a catalog whose encryption this stack does not set: AWS encrypts none by itself"
            yield lacks_account_setting(database, text)


def _passwords(graph: Graph) -> Iterator[Judgement]:
    for settings in graph.of(Kind.GLUE_CATALOG_ENCRYPTION):
        on = settings.at(_PROPERTY, "connectionPasswordEncryption", "returnConnectionPasswordEncrypted")
        key = settings.at(_PROPERTY, "connectionPasswordEncryption", "awsKmsKeyId")
        if isinstance(on, Unknown):
            yield unverified(settings, "returnConnectionPasswordEncrypted is not known yet")
        elif not is_true(on):
            yield fails(settings, "returns connection passwords in clear to whoever may read a connection")
        else:
            yield from settle(settings, _key_problems(graph, settings, "awsKmsKeyId", key))


def _key_problems(graph: Graph, settings: Resource, name: str, key: Value) -> Iterator[Judgement]:
    use = key_use(graph, settings, _PROPERTY, key)
    if use is KeyUse.UNKNOWN:
        yield unverified(settings, f"{name} is not known yet and leads to no key of the stack")
    elif use is not KeyUse.CUSTOMER:
        named = "is not set" if use is KeyUse.ABSENT else f"'{key}' is no customer key"
        yield fails(settings, f"{name} {named}")


CONTROLS = (
    Control(
        id="DL-GLUE-06",
        name="glue-catalog-encryption",
        title="The data catalog is encrypted under a customer key",
        severity=Severity.MEDIUM,
        category=Category.ENCRYPTION,
        why="Names, locations and column statistics tell what the lake holds.",
        fix="Set encryptionAtRest to catalogEncryptionMode SSE-KMS with the ARN of a key.",
        judge=_at_rest,
        kinds=_KINDS,
        alone=_KINDS,
        anchors=("CKV_AWS_94",),
    ),
    Control(
        id="DL-GLUE-07",
        name="glue-catalog-conn-password",
        title="The data catalog returns connection passwords encrypted only",
        severity=Severity.HIGH,
        category=Category.ENCRYPTION,
        why="Otherwise glue:GetConnection hands out database passwords.",
        fix="Set connectionPasswordEncryption.returnConnectionPasswordEncrypted to true, with a key.",
        judge=_passwords,
        kinds=_KINDS,
        alone=_KINDS,
        anchors=("CKV_AWS_94",),
    ),
    Control(
        id="DL-GLUE-23",
        name="glue-catalog-settings-present",
        title="A stack with databases says how the catalog is encrypted",
        severity=Severity.LOW,
        category=Category.ENCRYPTION,
        why="The catalog is one an account and region, and not encrypted until somebody says so.",
        fix="Declare DataCatalogEncryptionSettings; where another stack does, name it as account_settings_of "
        "in policies/profiles/stacks.yaml.",
        judge=_present,
        kinds=_KINDS | {Kind.GLUE_DATABASE},
        of_account=True,
    ),
)
