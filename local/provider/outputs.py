"""The outputs of a resource: what AWS holds after a deployment, what is known of it at a preview."""

from typing import Any

from local.provider.diff import DEFAULTS
from local.provider.equality import Equality
from local.provider.paths import holes
from local.provider.scope import Scope
from local.provider.values import UNKNOWN, Properties, Secret, conceal, has_secret, reveal

# Marks in state a resource of which some call failed: its next update does every call again.
INCOMPLETE = "__incomplete"


def outputs_of(scope: Scope, found: Properties) -> Properties:
    """Return a resource's outputs from what was read of it.

    Properties have the program's own form where AWS's means the same; what AWS never gives back (`kept`)
    or tells (what identifies the resource) is the input; templates fill what no answer holds.
    """
    row, kind = scope.row, scope.codec.type
    equality = Equality(frozenset(row.unordered), row.canonical, lenient=True)
    outputs: Properties = {name: scope.inputs.get(name) for name in (*row.kept, *row.identity)}
    for name, value in found.items():
        outputs[name] = equality.overlay(scope.inputs.get(name), value, name)
    for name, value in scope.inputs.items():
        # An empty value is the same as an absent one, which answers do not tell.
        if outputs.get(name) is None and equality.same(value, None, name):
            outputs[name] = value
    for name in (*row.outputs, *row.created):
        if outputs.get(name) is None:
            outputs[name] = scope.lookup(name)
    if "region" in kind.inputs or "region" in kind.outputs:
        outputs["region"] = scope.region
    # Empty lists and maps that nobody asked for are AWS's way to say nothing.
    always = (*scope.inputs, *kind.outputs, *kind.computed)
    return {
        name: value
        for name, value in outputs.items()
        if value is not None
        and (name in kind.inputs or name in kind.outputs)
        and (value not in ({}, []) or name in always)
    }


def conceal_outputs(scope: Scope, outputs: Properties, inputs: Properties) -> Properties:
    """Make secret what the inputs hold as a secret, and what is made of it."""
    outputs = dict(conceal(outputs, inputs))
    for name, template in scope.row.outputs.items():
        # A function does not tell what it is made of.
        parts = (
            [hole.split(".")[0] for hole in holes(template)] if isinstance(template, str) else list(inputs)
        )
        if name in outputs and any(has_secret(inputs.get(part)) for part in parts):
            outputs[name] = Secret(reveal(outputs[name]))
    return outputs


def planned(scope: Scope, inputs: Properties, before: Properties | None = None) -> Properties:
    """Return the outputs a preview can promise: inputs, templates whose parts are known, else UNKNOWN.

    Args:
        scope: the resource.
        inputs: its inputs, with secrets.
        before: its outputs so far when it exists; an update keeps what it cannot change.

    """
    row, kind = scope.row, scope.codec.type
    outputs: Properties = {name: value for name, value in inputs.items() if name != DEFAULTS}
    if before is not None:
        kept = {
            k: v for k, v in before.items() if k not in outputs and k not in row.volatile and k != INCOMPLETE
        }
        given = kind.inputs.keys() - kind.computed
        outputs |= {k: v for k, v in kept.items() if k not in given}
    for name, template in row.outputs.items():
        if name not in outputs or name in kind.outputs:
            value = scope.render(template)
            if value is not None:
                outputs[name] = value
    if row.tags:
        outputs["tagsAll"] = _all_tags(scope, inputs.get("tags"))
    if "region" in kind.inputs or "region" in kind.outputs:
        outputs["region"] = scope.region
    for name in (*kind.outputs, *kind.computed):
        open_ = before is None or name in row.volatile
        if name not in outputs and open_ and not _is_prefix_of_name(scope, name):
            outputs[name] = UNKNOWN
    return conceal_outputs(scope, outputs, inputs)


def _all_tags(scope: Scope, own: Any) -> Any:
    defaults = scope.clients.settings.default_tags
    revealed = own.value if isinstance(own, Secret) else own
    if revealed is not None and not isinstance(revealed, dict):
        return UNKNOWN
    merged = {**defaults, **(revealed or {})}
    return Secret(reveal(merged)) if isinstance(own, Secret) else merged


def _is_prefix_of_name(scope: Scope, name: str) -> bool:
    return scope.row.name is not None and name == f"{scope.row.name.property}Prefix"
