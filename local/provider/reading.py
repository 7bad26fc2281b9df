"""Reads what AWS holds of a resource, by the calls of its row, as the program's properties."""

from typing import Any

from local.provider import tags
from local.provider.errors import ProviderError
from local.provider.paths import pick
from local.provider.row import Call
from local.provider.scope import Scope
from local.provider.values import Properties


def find(scope: Scope) -> Properties | None:
    """Read a resource as properties; None when it is not there. What it computes joins the scope's state."""
    row = scope.row
    found = scope.run(row.read) if callable(row.read) else _by_calls(scope, row.reads)
    if found is None:
        return None
    if row.decode:
        found = row.decode(found)
    scope.state.update({name: value for name, value in found.items() if name in scope.codec.type.outputs})
    if row.tags:
        found |= tags.split(scope, tags.read(scope, row.tags))
    return dict(found)


def _by_calls(scope: Scope, calls: tuple[Call, ...]) -> Properties | None:
    """Put together what several calls tell; the first decides whether the resource is there."""
    found: Properties = {}
    for position, call in enumerate(calls):
        try:
            answer = answer_of(scope, call)
        except ProviderError as error:
            if not scope.is_gone(error):
                raise
            answer = {}
        held = pick(answer, call.at, scope.lookup) if answer else None
        if position == 0:
            if held is None or any(held.get(member) == end for member, end in scope.row.gone_when.items()):
                return None
            scope.held = held
        if held is not None:
            found.update(scope.codec.properties(answer, call, scope.lookup) or {})
    return found


def answer_of(scope: Scope, call: Call) -> dict[str, Any]:
    """Return AWS's answer to a reading call; a lookup in a list must see every page of it."""
    request = scope.request(call, {})
    listing = "=" in call.at
    return scope.pages(call.operation, **request) if listing else scope.send(call.operation, **request)
