"""What `pulumi_aws` says each type of the table takes and gives, kept as one compact JSON file.

Importing the SDK's service modules costs about a third of a second each, too much for every preview, so
the names and types are generated once into `schema.json` beside this module:
`python -m local.provider.introspection` writes it anew, and a test proves that it is in step.

A type is written `string`, `integer`, `number`, `boolean`, `json` (text or document), `asset`, `any`,
`[T]` for a list, `{T}` for a map and `#Name` for an object described under `objects`.
"""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PATH = Path(__file__).with_name("schema.json")


@dataclass(frozen=True)
class TypeSchema:
    """The inputs and outputs of one resource type, by their names in Pulumi (camelCase).

    `inputs` and `outputs` give types; `outputs` holds only what is not an input. `required` are inputs
    without which the type cannot be made; `computed` are inputs that AWS fills in when they are absent.
    `uncarried` are inputs (dotted where nested) that the table's row does not carry to AWS.
    """

    inputs: Mapping[str, str]
    required: frozenset[str]
    outputs: Mapping[str, str]
    computed: frozenset[str]
    uncarried: frozenset[str] = frozenset()

    def type_of(self, name: str) -> str:
        """Return the type of an input or output, `any` when the SDK names none."""
        return self.inputs.get(name) or self.outputs.get(name) or "any"


@dataclass(frozen=True)
class Schema:
    """All known types by token and the objects they refer to."""

    types: Mapping[str, TypeSchema]
    objects: Mapping[str, Mapping[str, str]]

    def object(self, reference: str) -> Mapping[str, str] | None:
        """Return the properties of the object a `#Name` type refers to, None for any other type."""
        return self.objects[reference[1:]] if reference.startswith("#") else None


@functools.cache
def load() -> Schema:
    """Read the committed schema file."""
    return parse(PATH.read_text())


def parse(text: str) -> Schema:
    """Read the text of a schema file."""
    raw = json.loads(text)
    return Schema(
        types={
            token: TypeSchema(
                inputs=entry["inputs"],
                required=frozenset(entry["required"]),
                outputs=entry["outputs"],
                computed=frozenset(entry["computed"]),
                uncarried=frozenset(entry.get("uncarried", ())),
            )
            for token, entry in raw["types"].items()
        },
        objects=raw["objects"],
    )
