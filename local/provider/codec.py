"""Translation between properties and AWS's structures, led by botocore's shapes and the SDK's types.

Program side: camelCase, blocks of one as plain objects, maps for tags, policy documents as text. AWS side:
the shapes of the service model. Neither needs a hand-written mapping but where a row renames a property.
"""

import functools
import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from local.provider.errors import ProviderError
from local.provider.paths import Lookup, pick, place, render, sole_hole
from local.provider.row import Call, Row
from local.provider.schema import Schema, load

_KEY_MEMBERS = ("Key", "TagKey", "key", "Name", "ParameterKey", "OutputKey")
_VALUE_MEMBERS = ("Value", "TagValue", "value", "ParameterValue", "OutputValue")


@functools.cache
def fold(name: str) -> str:
    """Reduce a name to what Pulumi and AWS share: no case, no plural."""
    name = name.lower()
    if name.endswith("ies"):
        return name[:-3] + "y"
    return name.rstrip("s")


def find_member(members: Collection[str], name: str) -> str | None:
    """Return the member a property's name means, preferring the same spelling to another number."""
    exact = next((member for member in members if member.lower() == name.lower()), None)
    return exact or next((member for member in members if fold(member) == fold(name)), None)


class Codec:
    """The translation for one row."""

    def __init__(self, row: Row, schema: Schema | None = None) -> None:
        self.row = row
        self.schema = schema or load()
        self.type = self.schema.types[row.token]

    def request(
        self, model: ServiceModel, call: Call, properties: Mapping[str, Any], lookup: Lookup
    ) -> dict[str, Any]:
        """Build the request of a call: `properties` beside the row's keys and the call's own args."""
        shape = model.operation_model(call.operation).input_shape
        if shape is None:
            return {}
        request: dict[str, Any] = {}
        for member, template in self.row.keys.items():
            if member in shape.members:
                self._put(request, shape, member, render(template, lookup), call=call)
        for name, value in properties.items():
            path = self.member_path(model, call, name)
            if path is not None and value is not None:
                self._put(request, shape, path, value, call=call, name=name)
        for path, template in call.args.items():
            self._put(request, shape, path, render(template, lookup), call=call)
        return request

    def member_path(self, model: ServiceModel, call: Call, name: str) -> str | None:
        """Return the path in a call's request of the member for a property; None when there is none."""
        shape = model.operation_model(call.operation).input_shape
        body = descend(shape, call.body)
        renamed = call.rename.get(name, self.row.rename.get(name))
        if renamed == "":
            return None
        if renamed is not None:
            first = renamed.split(".")[0].split("[")[0]
            if isinstance(body, StructureShape) and first in body.members:
                return f"{call.body}.{renamed}" if call.body else renamed
            return renamed if isinstance(shape, StructureShape) and first in shape.members else None
        for container, prefix in ((body, call.body), (shape, "")):
            if isinstance(container, StructureShape):
                member = find_member(container.members, name)
                if member:
                    return f"{prefix}.{member}" if prefix else member
        return None

    def _put(
        self, request: dict[str, Any], shape: Shape, path: str, value: Any, *, call: Call, name: str = ""
    ) -> None:
        if value is not None:
            place(request, path, self.encode(value, descend(shape, path), name, self._renames(call)))

    def _renames(self, call: Call) -> Mapping[str, str]:
        return {**self.row.rename, **call.rename}

    def encode(self, value: Any, shape: Shape | None, name: str, rename: Mapping[str, str]) -> Any:
        """Translate one value to the form of a shape; `name` is the property's dotted path."""
        match shape:
            case StructureShape():
                return self._encode_structure(value, shape, name, rename)
            case ListShape():
                return self._encode_list(value, shape, name, rename)
            case MapShape():
                return {str(key): self.encode(item, shape.value, name, rename) for key, item in value.items()}
            case None:
                return value
        return _encode_scalar(value, shape.type_name)

    def _encode_structure(
        self, value: Any, shape: StructureShape, name: str, rename: Mapping[str, str]
    ) -> Any:
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if isinstance(value, bool) and not shape.members:
            return {}
        if not isinstance(value, Mapping):
            if len(shape.members) == 1:
                member = next(iter(shape.members))
                return {member: self.encode(value, shape.members[member], name, rename)}
            raise ProviderError(f"{self.row.token}: {name} has no place in AWS's {shape.name}")
        result: dict[str, Any] = {}
        for key, item in value.items():
            dotted = f"{name}.{key}"
            path = rename.get(dotted) or find_member(shape.members, key)
            if path is None:
                raise ProviderError(f"{self.row.token}: {dotted} has no place in AWS's {shape.name}")
            target = descend(shape, path)
            # A flag for an empty structure (`wildcard: true`) is the structure's presence.
            flag = isinstance(target, StructureShape) and isinstance(item, bool)
            if item is not None and not (flag and not item):
                place(result, path, self.encode(item, target, dotted, rename))
        return result

    def _encode_list(self, value: Any, shape: ListShape, name: str, rename: Mapping[str, str]) -> list[Any]:
        members = shape.member.members if isinstance(shape.member, StructureShape) else {}
        key, held = _pair(members)
        if isinstance(value, Mapping) and key and held:
            return [{key: str(k), held: str(v)} for k, v in value.items()]
        items = value if isinstance(value, list) else [value]
        if key and held and all(isinstance(item, str) for item in items):
            # Names alone, as of tags to take away.
            return [{key: item} for item in items]
        return [self.encode(item, shape.member, name, rename) for item in items]

    def properties(self, answer: Mapping[str, Any], call: Call, lookup: Lookup) -> dict[str, Any] | None:
        """Read the row's properties out of an answer; None when the call's `at` leads nowhere."""
        found = pick(answer, call.at, lookup)
        if found is None:
            return None
        names = (*self.type.inputs, *self.type.outputs)
        if call.take is not None:
            taken = {name: pick(answer, path, lookup) for name, path in call.take.items()}
            return {
                name: self.decode(value, self.type.type_of(name), name)
                for name, value in taken.items()
                if value is not None
            }
        by_key = {m: name for m, template in self.row.keys.items() if (name := sole_hole(template)) in names}
        result = {str(name): found[member] for member, name in by_key.items() if member in found}
        for name in names:
            renamed = call.rename.get(name, self.row.rename.get(name))
            path = renamed if renamed is not None else find_member(found, name)
            value = pick(found, path) if path else None
            if value is not None and name not in ("tags", "tagsAll", "region"):
                result[name] = self.decode(value, self.type.type_of(name), name)
        return result

    def decode(self, value: Any, kind: str, name: str) -> Any:
        """Translate one value of an answer to a program type; `name` is the property's dotted path."""
        if isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        fields = self.schema.object(kind)
        if fields is not None:
            return self._decode_object(value, fields, name)
        if kind.startswith("["):
            items = value if isinstance(value, list) else [value]
            return [self.decode(item, kind[1:-1], name) for item in items]
        if kind.startswith("{"):
            return _decode_map(value)
        return _decode_scalar(value, kind)

    def _decode_object(self, value: Any, fields: Mapping[str, str], name: str) -> Any:
        if isinstance(value, list):
            value = value[0] if value else {}
        if not isinstance(value, Mapping):
            return value
        result = {}
        for key, kind in fields.items():
            dotted = f"{name}.{key}"
            path = self.row.rename.get(dotted) or find_member(value, key)
            item = pick(value, path) if path else None
            if item is not None:
                result[key] = self.decode(item, kind, dotted)
        return result


def descend(shape: Shape | None, path: str) -> Shape | None:
    """Return the shape at a path (`Targets[0].Arn`) inside another."""
    for part in path.split(".") if path else ():
        name, _, rest = part.partition("[")
        if not isinstance(shape, StructureShape) or name not in shape.members:
            return None
        shape = shape.members[name]
        if rest and isinstance(shape, ListShape):
            shape = shape.member
    return shape


def _pair(members: Mapping[str, Shape]) -> tuple[str | None, str | None]:
    key = next((member for member in _KEY_MEMBERS if member in members), None)
    held = next((member for member in _VALUE_MEMBERS if member in members), None)
    return key, held


def _encode_scalar(value: Any, kind: str) -> Any:
    match kind:
        case "string":
            if isinstance(value, Mapping | list):
                return json.dumps(value, separators=(",", ":"))
            return str(value).lower() if isinstance(value, bool) else str(value)
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
    return value


def _decode_map(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    key, held = _pair(value[0]) if value else (None, None)
    return {item[key]: item[held] for item in value} if key and held else {}


def _decode_scalar(value: Any, kind: str) -> Any:
    result = value
    match kind, value:
        case "boolean", Mapping():
            result = True
        case (("string" | "json"), Mapping()):
            # A structure that stands for one text, such as a principal; else a document.
            only = next(iter(value.values())) if len(value) == 1 else None
            single = kind == "string" and isinstance(only, str)
            result = only if single else json.dumps(value, separators=(",", ":"))
        case "string", bool():
            result = str(value).lower()
        case "string", int() | float():
            result = str(value)
        case (("integer" | "number"), str()):
            result = float(value) if "." in value else int(value)
        case "number", int() | float():
            result = int(value) if float(value).is_integer() else value
    return result
