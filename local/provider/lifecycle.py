"""Creates, reads, updates and deletes any resource by what its row says."""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from local.provider import tags
from local.provider.clients import Clients
from local.provider.codec import Codec
from local.provider.diff import DEFAULTS, changes
from local.provider.equality import Equality
from local.provider.errors import PartialFailure, ProviderError, is_taken
from local.provider.outputs import INCOMPLETE, conceal_outputs, outputs_of
from local.provider.paths import pick
from local.provider.reading import find
from local.provider.row import Call, Row, Step
from local.provider.scope import Scope
from local.provider.values import Properties, conceal, reveal


@dataclass(frozen=True)
class Resource:
    """A resource as the engine keeps it: identifier, outputs, and its inputs as they are in AWS."""

    id: str
    outputs: Properties
    inputs: Properties


class Lifecycle:
    """The operations on resources of every row; thread-safe.

    Args:
        clients: the way to AWS.
        is_cancelled: tells that no new call may begin.

    """

    def __init__(self, clients: Clients, is_cancelled: Callable[[], bool] = lambda: False) -> None:
        self.clients = clients
        self._is_cancelled = is_cancelled
        self._owners: dict[tuple[str, str, str], str] = {}
        self._lock = threading.Lock()

    def scope(
        self, row: Row, urn: str, inputs: Properties, state: Properties | None = None, identifier: str = ""
    ) -> Scope:
        """Return the view of one resource that its calls work on."""
        revealed = {key: value for key, value in reveal(inputs).items() if key != DEFAULTS}
        return Scope(row, Codec(row), self.clients, urn, revealed, reveal(state or {}), identifier or None)

    def create(self, row: Row, urn: str, inputs: Properties) -> Resource:
        """Make a resource and read it back.

        Raises:
            ProviderError: nothing was made.
            PartialFailure: it was made, but a later call failed.

        """
        scope = self.scope(row, urn, inputs)
        if row.standing == "recorded":
            return self._recorded(scope, inputs)
        answer, adopted = self._make(scope)
        scope.state.update({name: pick(answer, path) for name, path in row.created.items()})
        scope.id = str(scope.render(row.id))
        self.claim(scope)
        try:
            for step in row.steps:
                if not step.created and any(scope.inputs.get(name) is not None for name in step.properties):
                    self._step(scope, step)
            if row.tags and (adopted or not row.tags.inline):
                tags.write(scope, row.tags, tags.read(scope, row.tags) if adopted else {}, tags.wanted(scope))
            found = find(scope)
            if found is None:
                raise ProviderError(f"{scope.id} cannot be read back after its creation", where=scope.where)
        except ProviderError as error:
            known = outputs_of(scope, {}) | {INCOMPLETE: True}
            raise PartialFailure(error, scope.id, conceal_outputs(scope, known, inputs)) from error
        return Resource(scope.id, conceal_outputs(scope, outputs_of(scope, found), inputs), inputs)

    def _make(self, scope: Scope) -> tuple[Any, bool]:
        """Make the resource; return AWS's answer, and whether it was there from an interrupted deployment."""
        row = scope.row
        if row.create is None:
            raise ProviderError("the row says no way to create it", where=scope.where)
        create = row.create
        if isinstance(create, Call) and row.tags and row.tags.inline and (wanted := tags.wanted(scope)):
            create = replace(create, args={**create.args, row.tags.inline: wanted})
        try:
            return scope.run(create, self._carried(scope)), False
        except ProviderError as error:
            if isinstance(error.__cause__, Exception) and is_taken(error.__cause__) and self._is_ours(scope):
                return {}, True
            raise

    def _is_ours(self, scope: Scope) -> bool:
        """Tell whether what is there under this name is what an interrupted deployment made of this resource.

        It must be nobody else's in this deployment, and hold just what the creation would have given it.
        """
        if scope.row.created:
            return False
        identifier = str(scope.render(scope.row.id))
        with self._lock:
            owner = self._owners.get((scope.row.token, scope.region, identifier), scope.urn)
        if owner != scope.urn:
            return False
        scope.id = identifier
        found = find(scope) or {}
        later = {name for step in scope.row.steps if not step.created for name in step.properties}
        compare = self._equality(scope.row)
        return all(
            compare.same(value, found.get(name), name)
            or compare.same(compare.overlay(value, found.get(name), name), value, name)
            for name, value in self._carried(scope).items()
            if name not in later
        )

    def claim(self, scope: Scope) -> None:
        """Note that a resource is the given URN's in this deployment."""
        if scope.id:
            with self._lock:
                self._owners[scope.row.token, scope.region, scope.id] = scope.urn

    def read(
        self, row: Row, urn: str, identifier: str, state: Properties, inputs: Properties
    ) -> Resource | None:
        """Read a resource and give its inputs in the program's form; None when it is not there.

        Inputs keep the program's form while AWS holds what it held when last seen, so only drift shows.
        """
        scope = self.scope(row, urn, inputs, state, identifier)
        if row.standing == "recorded":
            return Resource(identifier, state, inputs)
        imported = not inputs
        found = find(scope)
        if found is None:
            return None
        equality = self._equality(row)
        settled: Properties = {}
        for name in self._inputs_of(scope):
            wanted = inputs.get(name)
            untold = name not in found and (name in row.identity or name not in scope.state)
            if name in row.kept or name == "region" or untold:
                value = wanted if wanted is not None or not imported else row.defaults.get(name)
            else:
                value = equality.settle(wanted, scope.state.get(name), found.get(name), name)
            if value is not None:
                settled[name] = value
        if DEFAULTS in inputs:
            settled[DEFAULTS] = inputs[DEFAULTS]
        scope.inputs = {k: v for k, v in reveal(settled).items() if k != DEFAULTS}
        scope.state = {name: scope.state.get(name) for name in row.created}
        secret = {**state, **inputs}
        return Resource(
            identifier, conceal_outputs(scope, outputs_of(scope, found), secret), conceal(settled, secret)
        )

    def update(
        self, row: Row, urn: str, identifier: str, *, state: Properties, olds: Properties, news: Properties
    ) -> Properties:
        """Change a resource in place and return its outputs.

        Raises:
            ProviderError: nothing was changed.
            PartialFailure: some of the calls succeeded; the next update does all of them again.

        """
        scope = self.scope(row, urn, news, state, identifier)
        if row.standing == "recorded":
            return self._recorded(scope, news).outputs
        self.claim(scope)
        changed = {change.top for change in changes(row, olds, news)}
        if state.get(INCOMPLETE):
            stepped = {name for step in row.steps for name in step.properties}
            # Without a way to change the whole, the creation did all but the steps.
            changed = {name for name in (*olds, *news) if row.update is not None or name in stepped}
        scope.state = {
            k: v for k, v in scope.state.items() if k not in self._inputs_of(scope) and k != INCOMPLETE
        }
        try:
            self._apply(scope, changed)
            found = find(scope)
            if found is None:
                raise ProviderError(
                    f"{identifier} is not there any more", where=scope.where, fix="refresh the stack"
                )
        except ProviderError as error:
            known = {**state, INCOMPLETE: True}
            raise PartialFailure(error, identifier, conceal_outputs(scope, known, news)) from error
        return conceal_outputs(scope, outputs_of(scope, found), news)

    def _apply(self, scope: Scope, changed: Collection[str]) -> None:
        row = scope.row
        stepped = {name for step in row.steps for name in step.properties}
        silent = {"tags", "region", DEFAULTS, *row.kept} - {*row.custom}
        whole = [name for name in changed if name not in stepped | silent]
        if whole and row.update is not None:
            carried = self._carried(scope)
            if isinstance(row.update, Call) and row.update.blanks:
                carried = {**_blanks(scope, whole), **carried}
            scope.run(row.update, carried)
        elif whole:
            raise ProviderError(f"the row says no way to change {', '.join(whole)}", where=scope.where)
        for step in row.steps:
            if any(name in changed for name in step.properties):
                self._step(scope, step)
        if row.tags:
            if row.tags.read is None:
                # The tags are part of the resource's own answer.
                find(scope)
            tags.write(scope, row.tags, tags.read(scope, row.tags), tags.wanted(scope))

    def delete(self, row: Row, urn: str, identifier: str, state: Properties) -> None:
        """Remove a resource; one that is not there is removed."""
        scope = self.scope(row, urn, {}, state, identifier)
        if row.standing == "recorded" or row.delete is None:
            return
        try:
            scope.run(row.delete)
        except ProviderError as error:
            if not scope.is_gone(error):
                raise

    def _step(self, scope: Scope, step: Step) -> None:
        if self._is_cancelled():
            raise ProviderError("the deployment was cancelled", where=scope.where)
        given = {name: scope.inputs[name] for name in step.properties if scope.inputs.get(name) is not None}
        if step.clear is not None and not scope.inputs.get(step.properties[0]):
            scope.run(step.clear)
        else:
            scope.run(step.set, given)

    def _carried(self, scope: Scope) -> Properties:
        row = scope.row
        apart = ("region", *row.kept, *(("tags",) if row.tags else ()))
        given = {name: value for name, value in scope.inputs.items() if name not in apart}
        return row.encode(given) if row.encode else given

    def _inputs_of(self, scope: Scope) -> list[str]:
        return list(scope.codec.type.inputs)

    def _equality(self, row: Row) -> Equality:
        return Equality(frozenset(row.unordered), row.canonical, lenient=True)

    def _recorded(self, scope: Scope, inputs: Properties) -> Resource:
        identifier = scope.id or scope.render(scope.row.id)
        scope.id = str(identifier if isinstance(identifier, str) else scope.urn.rsplit("::", 1)[-1])
        return Resource(scope.id, conceal_outputs(scope, outputs_of(scope, scope.inputs), inputs), inputs)


def _blanks(scope: Scope, changed: Collection[str]) -> Properties:
    empty: dict[str, Any] = {"[": [], "{": {}, "s": ""}
    kinds = {name: scope.codec.type.type_of(name) for name in changed}
    return {name: empty[kind[0]] for name, kind in kinds.items() if kind[0] in empty}
