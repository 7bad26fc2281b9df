"""What must not matter to a verdict: order, list or scalar, text or object, old or new token, in or by."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from policies.graph.kinds import KIND_OF, Kind
from tests.policies.cases.case import Absent
from tests.policies.graph_support import BY_ID, findings, graph
from tests.policies.inline_support import MOVES, inlined
from tests.policies.protocol_support import Res
from tests.policies.stack_support import lake
from tests.policies.test_controls import CASES

_DOCUMENTS = ("policy", "assumeRolePolicy")
_SCALARS_OR_LISTS = ("Action", "Resource", "NotAction", "NotResource", "Statement")
_TOKENS = {
    "aws:s3/bucket:Bucket": "aws:s3/bucketV2:BucketV2",
    "aws:s3/bucketVersioning:BucketVersioning": "aws:s3/bucketVersioningV2:BucketVersioningV2",
    "aws:s3/bucketLogging:BucketLogging": "aws:s3/bucketLoggingV2:BucketLoggingV2",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
    ),
}

Transform = Callable[[Sequence[Res]], list[Res]]


def _shuffled(stack: Sequence[Res]) -> list[Res]:
    result = list(stack)
    random.Random(7).shuffle(result)
    return result


def _documents(change: Callable[[Any], Any]) -> Transform:
    def transform(stack: Sequence[Res]) -> list[Res]:
        return [
            res.having(**{key: change(value) for key, value in res.props.items() if key in _DOCUMENTS})
            for res in stack
        ]

    return transform


def _loaded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _as_lists(value: Any) -> Any:
    return _reshaped(value, lambda field: field if isinstance(field, list) else [field])


def _as_scalars(value: Any) -> Any:
    return _reshaped(value, lambda field: field[0] if isinstance(field, list) and len(field) == 1 else field)


def _reshaped(value: Any, shape: Callable[[Any], Any]) -> Any:
    document = _loaded(value)
    if not isinstance(document, dict):
        return value
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    reshaped = [
        {
            key: shape(field)
            if key in _SCALARS_OR_LISTS
            else {k: shape(v) for k, v in field.items()}
            if key == "Principal" and isinstance(field, dict)
            else {op: {k: shape(v) for k, v in block.items()} for op, block in field.items()}
            if key == "Condition"
            else field
            for key, field in statement.items()
        }
        for statement in statements
    ]
    return json.dumps({**document, "Statement": shape(reshaped)})


def _legacy_tokens(stack: Sequence[Res]) -> list[Res]:
    return [replace(res, token=_TOKENS.get(res.token, res.token)) for res in stack]


def _one_block_lists(stack: Sequence[Res]) -> list[Res]:
    """Blocks as lists of one, as providers before flattening wrote them."""
    blocks = ("versioningConfiguration", "rule", "configuration", "encryptionConfiguration")
    return [
        res.having(
            **{key: [value] for key, value in res.props.items() if key in blocks and isinstance(value, dict)}
        )
        for res in stack
    ]


TRANSFORMS: dict[str, Transform] = {
    "order": _shuffled,
    "object documents": _documents(_loaded),
    "lists": _documents(_as_lists),
    "scalars": _documents(_as_scalars),
    "legacy tokens": _legacy_tokens,
    "blocks as lists": _one_block_lists,
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS.keys())
def test_form_does_not_change_what_is_found_in_any_fixture(transform: Transform) -> None:
    for control, forms in CASES.items():
        for form, cases in forms.items():
            for index, case in enumerate(() if isinstance(cases, Absent) else cases):
                before = findings(BY_ID[control], graph(case.stack, case.within))
                after = findings(BY_ID[control], graph(transform(case.stack), case.within))
                assert after == before, (control, form, index)


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS.keys())
def test_form_does_not_make_the_sound_lake_unsound(transform: Transform) -> None:
    judged = graph(transform(lake()))
    assert {
        control: findings(control, judged) for control in BY_ID.values() if findings(control, judged)
    } == {}


def test_transforms_change_the_stack_they_are_given() -> None:
    for name, transform in TRANSFORMS.items():
        assert transform(lake()) != lake(), name


def test_legacy_tokens_are_tokens_of_the_same_kind() -> None:
    for current, legacy in _TOKENS.items():
        assert KIND_OF[current] is KIND_OF[legacy]


# About the name that something beside another calls it by: inside there is no such name.
_ABOUT_THE_LINK = {"DL-REF-02"}


@pytest.mark.parametrize("kind", MOVES)
def test_what_lies_beside_a_resource_is_judged_as_if_it_lay_inside(kind: Kind) -> None:
    moved_once = False
    for control, forms in CASES.items():
        for form, cases in forms.items():
            for index, case in enumerate(() if isinstance(cases, Absent) else cases):
                stack, moved = inlined(case.stack, kind)
                if not moved or control in _ABOUT_THE_LINK:
                    continue
                moved_once = True
                beside = findings(BY_ID[control], graph(case.stack, case.within, shown=True))
                inside = findings(BY_ID[control], graph(stack, case.within, shown=True))
                expected = {(verdict, moved.get(name, name)) for verdict, name in beside}
                assert inside == expected, (control, form, index)
    assert moved_once, "no fixture has one"


def test_the_sound_platform_is_sound_with_everything_inside() -> None:
    stack: list[Res] = [*lake()]
    gone: set[str] = set()
    for kind in MOVES:
        stack, moved = inlined(stack, kind)
        gone |= set(moved)
    assert len(gone) >= 12
    judged = graph(stack, shown=True)
    assert {control.id: found for control in BY_ID.values() if (found := findings(control, judged))} == {}
