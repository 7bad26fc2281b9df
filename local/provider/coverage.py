"""Which properties of a type its row carries to AWS, worked out from the row and the service's shapes.

A property that no call carries would be accepted and lost, so `Check` refuses it. One that only the
creation carries must force a replacement, else a change of it would do nothing; a test sees to that.
"""

import functools
from collections.abc import Iterator, Mapping

import botocore.session
from botocore.model import ListShape, ServiceModel, Shape, StructureShape

from local.provider.codec import Codec, descend, find_member
from local.provider.diff import forces_replacement
from local.provider.paths import holes
from local.provider.row import Call, Row
from local.provider.schema import Schema

# Types that hold themselves (filters, visuals) are followed this far.
_DEEPEST = 12


@functools.cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def uncarried(row: Row, schema: Schema) -> list[str]:
    """Return the inputs (dotted where nested) that no call of the row carries, sorted."""
    if row.standing == "recorded":
        return []
    codec = Codec(row, schema)
    missing: list[str] = []
    for name, kind in codec.type.inputs.items():
        if _elsewhere(row, name):
            continue
        calls = [call for call in _calls(row, name) if isinstance(call, Call)]
        paths = [(call, codec.member_path(_model(row.service), call, name)) for call in calls]
        carried = [(call, path) for call, path in paths if path is not None]
        if not carried and not any(name in _roots(call) for call in calls):
            missing.append(name)
        elif carried:
            call, path = carried[0]
            shape = descend(_model(row.service).operation_model(call.operation).input_shape, str(path))
            rename = {**row.rename, **call.rename}
            missing += _nested(rename, schema, kind, shape, name)
    return sorted(missing)


def unchangeable(row: Row, schema: Schema) -> list[str]:
    """Return the inputs whose change neither reaches AWS nor makes a new resource, sorted."""
    if row.standing == "recorded":
        return []
    codec = Codec(row, schema)
    lost = []
    for name in codec.type.inputs.keys() - set(uncarried(row, schema)):
        settled = _elsewhere(row, name) and name not in row.custom
        if settled or forces_replacement(row, name):
            continue
        calls = [row.update, *(call for step in row.steps if name in step.properties for call in (step.set,))]
        reached = any(
            call is not None
            and (
                not isinstance(call, Call)
                or codec.member_path(_model(row.service), call, name) is not None
                or name in _roots(call)
                or (name in row.custom and call is row.update)
            )
            for call in calls
        )
        if not reached:
            lost.append(name)
    return sorted(lost)


def _elsewhere(row: Row, name: str) -> bool:
    """Tell whether something other than a call's matching takes care of an input."""
    if name == "region" or name in (*row.kept, *row.custom) or (name == "tags" and row.tags):
        return True
    # A step's switch (its first property) is carried by which of its calls is made.
    if any(name == step.properties[0] and step.clear is not None for step in row.steps):
        return True
    named = row.name and name == f"{row.name.property}Prefix"
    return bool(named) or any(name in (hole.split(".")[0] for hole in holes(t)) for t in row.keys.values())


def _calls(row: Row, name: str) -> Iterator[object]:
    yield row.create
    yield row.update
    for step in row.steps:
        if name in step.properties:
            yield step.set
            yield step.clear


def _roots(call: Call) -> set[str]:
    return {hole.split(".")[0] for template in call.args.values() for hole in holes(template)}


def _nested(
    rename: Mapping[str, str], schema: Schema, kind: str, shape: Shape | None, name: str
) -> Iterator[str]:
    while isinstance(shape, ListShape):
        shape = shape.member
    fields = schema.object(kind.strip("[]"))
    if fields is None or not isinstance(shape, StructureShape):
        return
    for key, inner in fields.items():
        dotted = f"{name}.{key}"
        path = rename.get(dotted) or find_member(shape.members, key)
        target = descend(shape, path) if path else None
        if target is None:
            yield dotted
        elif dotted.count(".") < _DEEPEST:
            yield from _nested(rename, schema, inner, target, dotted)
