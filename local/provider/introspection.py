"""Generates `schema.json` from the typed classes of `pulumi_aws` and the rows of the table.

Run `python -m local.provider.introspection` after a change of a row or an upgrade of the SDK.
"""

import importlib
import json
import sys
import types
import typing
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws
from pulumi import _types, output

from local.provider import table
from local.provider.coverage import uncarried
from local.provider.errors import ProviderError
from local.provider.row import Row
from local.provider.schema import PATH, parse

_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
_SPECIAL = {"PolicyDocumentArgs": "json", "Asset": "asset", "Archive": "asset"}


class _Introspection:
    """One walk over the typed classes of `pulumi_aws`."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, str]] = {}

    def describe(self, resource: type, args: type) -> dict[str, Any]:
        """Describe a resource class and its Args class as an entry of the file."""
        names = _pulumi_names(args)
        hints = _hints(vars(args)["__init__"])
        inputs = {names[py]: self._type(hints[py]) for py in names}
        outputs: dict[str, str] = {}
        computed = []
        for member in vars(resource).values():
            if not isinstance(member, property) or member.fget is None:
                continue
            hint = typing.get_args(_hints(member.fget)["return"])[0]
            name = getattr(member.fget, "_pulumi_name", member.fget.__name__)
            if name in inputs:
                if not _is_optional(hint):
                    computed.append(name)
            else:
                outputs[name] = self._type(hint, computed=True)
        required = {names[py] for py in names if not _is_optional(_unwrap_input(hints[py]))}
        return {
            "inputs": dict(sorted(inputs.items())),
            "required": sorted(required),
            "outputs": dict(sorted(outputs.items())),
            "computed": sorted(set(computed) - required),
        }

    def _type(self, hint: Any, *, computed: bool = False) -> str:
        hint = _unwrap_input(hint)
        arguments = [a for a in typing.get_args(hint) if a is not type(None)]
        origin = typing.get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            names = {getattr(argument, "__name__", "") for argument in arguments}
            special = next((kind for name, kind in _SPECIAL.items() if name in names), None)
            return special or self._type(arguments[0], computed=computed)
        if origin is not None:
            inner = self._type(arguments[-1], computed=computed)
            return f"{{{inner}}}" if issubclass(origin, Mapping) else f"[{inner}]"
        if isinstance(hint, type) and hint.__name__.endswith("Args"):
            return self._object(hint)
        scalar = _SCALARS.get(hint) or _SPECIAL.get(getattr(hint, "__name__", ""))
        # What is left are enumerations as inputs, and objects as outputs.
        return scalar or ("any" if computed else "string")

    def _object(self, args: type) -> str:
        name = f"{args.__module__.split('.')[1]}.{args.__name__.removesuffix('Args')}"
        if name not in self.objects:
            self.objects[name] = {}
            hints = _hints(vars(args)["__init__"])
            for py, pulumi_name in sorted(_pulumi_names(args).items(), key=lambda pair: pair[1]):
                self.objects[name][pulumi_name] = self._type(hints[py])
        return f"#{name}"


def _hints(function: Any) -> dict[str, Any]:
    return typing.get_type_hints(function, {**vars(output), **vars(sys.modules[function.__module__])})


def _pulumi_names(args: type) -> dict[str, str]:
    return dict(_types.input_type_py_to_pulumi_names(args))


def _unwrap_input(hint: Any) -> Any:
    """Take `T` out of `Input[T]`, which is a union of T, an awaitable of it and an Output of it."""
    options = typing.get_args(hint)
    if any(typing.get_origin(option) is pulumi.Output for option in options):
        own = [
            o for o in options if getattr(typing.get_origin(o), "__name__", "") not in ("Output", "Awaitable")
        ]
        return typing.Union[tuple(own)]  # noqa: UP007 - built from a list
    return hint


def _is_optional(hint: Any) -> bool:
    return type(None) in typing.get_args(hint)


def generate(rows: Mapping[str, Row]) -> str:
    """Return the text of the schema file for the rows of a table.

    Raises ProviderError for a type that the installed `pulumi_aws` does not have.
    """
    entries = _describe(rows)
    schema = parse(json.dumps(entries))
    for token, entry in entries["types"].items():
        left_out = uncarried(rows[token], schema)
        if left_out:
            entry["uncarried"] = left_out
    text = json.dumps(entries, separators=(",", ":"))
    # One type or object a line, so that a diff shows what an upgrade changed.
    return text.replace('},"', '},\n"') + "\n"


def _describe(tokens: Iterable[str]) -> dict[str, dict[str, Any]]:
    source = Path(str(pulumi_aws.__file__)).read_text()
    listing = json.loads(source.split('resource_modules="""', 1)[1].split('"""', 1)[0])
    homes = {token: (entry["fqn"], name) for entry in listing for token, name in entry["classes"].items()}
    walk = _Introspection()
    described = {}
    with warnings.catch_warnings():
        # Importing a service's package touches its deprecated types.
        warnings.simplefilter("ignore", DeprecationWarning)
        for token in sorted(tokens):
            if token not in homes:
                raise ProviderError(
                    f"pulumi_aws has no type {token}", fix="correct the token in local/provider/rows"
                )
            package, name = homes[token]
            resource = getattr(importlib.import_module(package), name)
            home = sys.modules[resource.__module__]
            # Where an input object already has the name, the SDK calls a resource's own arguments InitArgs.
            args = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args")
            described[token] = walk.describe(resource, args)
    return {"objects": dict(sorted(walk.objects.items())), "types": described}


def main() -> None:
    """Write `schema.json` anew from the table's types."""
    PATH.write_text(generate(table.rows()))


if __name__ == "__main__":
    main()
