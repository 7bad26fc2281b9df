"""Judges of one setting of one kind of resource, for the many controls that ask for nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.controls.control import Judge, Judgement, fails, settle, unverified
from policies.graph.keys import KeyUse, key_use
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.values import UNKNOWN, Unknown, Value, is_true, items

Problems = Callable[[Graph, Resource], Iterator[Judgement]]


def each(problems: Problems, *kinds: Kind) -> Judge:
    """Return a judge that settles every resource of some kinds with the problems found with it."""

    def judge(graph: Graph) -> Iterator[Judgement]:
        for resource in graph.of(*kinds):
            yield from settle(resource, problems(graph, resource))

    return judge


def setting(resource: Resource, *path: str) -> Value:
    """Return what the program set under a path; `None` also for what the provider is to compute."""
    if isinstance(resource.props.get(path[0]), Unknown) and not resource.declares(path[0]):
        return None
    return resource.at(*path)


def settings(resource: Resource, prop: str) -> list[Value]:
    """Return the entries of a list property; an unknown one counts as one entry that is unknown."""
    value = setting(resource, prop)
    return [UNKNOWN] if isinstance(value, Unknown) else items(value)


def on(what: str, *path: str, default: bool = False) -> Problems:
    """Want a flag on; `what` says what is wrong while it is off.

    Args:
        what: The harm, which the message puts after the name of the flag.
        path: Where the flag is.
        default: What AWS takes when the program says nothing.

    """

    def problems(graph: Graph, resource: Resource) -> Iterator[Judgement]:
        del graph
        value = setting(resource, *path)
        if isinstance(value, Unknown):
            yield unverified(resource, f"{'.'.join(path)} is not known yet")
        elif not (is_true(value) or (value is None and default)):
            yield fails(resource, f"{'.'.join(path)} is {_said(value)}: {what}")

    return problems


def off(what: str, *path: str, default: bool = False) -> Problems:
    """Want a flag off; `default` is what AWS or the provider takes when the program says nothing."""

    def problems(graph: Graph, resource: Resource) -> Iterator[Judgement]:
        del graph
        value = setting(resource, *path)
        if isinstance(value, Unknown):
            yield unverified(resource, f"{'.'.join(path)} is not known yet")
        elif is_true(value) or (value is None and default):
            yield fails(resource, f"{'.'.join(path)} is {_said(value)}: {what}")

    return problems


def given(what: str, *path: str) -> Problems:
    """Want a value set, whichever; one that is not known yet is given all the same."""

    def problems(graph: Graph, resource: Resource) -> Iterator[Judgement]:
        del graph
        if setting(resource, *path) in (None, "", [], {}):
            yield fails(resource, f"{'.'.join(path)} is not set: {what}")

    return problems


def at_least(
    minimum: int, what: str, *path: str, default: int = 0, in_temporary: int | None = None
) -> Problems:
    """Want a number not below a minimum.

    Args:
        minimum: The least that is enough.
        what: The harm, which the message puts after the numbers.
        path: Where the number is.
        default: What AWS takes when the program says nothing.
        in_temporary: The least in stacks that are to be thrown away, where it differs.

    """

    def problems(graph: Graph, resource: Resource) -> Iterator[Judgement]:
        least = in_temporary if in_temporary is not None and graph.is_temporary else minimum
        value = setting(resource, *path)
        number = default if value is None else value
        if isinstance(number, Unknown):
            yield unverified(resource, f"{'.'.join(path)} is not known yet")
        elif not isinstance(number, int | float) or number < least:
            yield fails(resource, f"{'.'.join(path)} is {number}, below {least}: {what}")

    return problems


def none_of(values: tuple[str, ...], what: str, *path: str) -> Problems:
    """Want a name that is none of some; letters' case does not matter, and no name is as bad as those."""

    def problems(graph: Graph, resource: Resource) -> Iterator[Judgement]:
        del graph
        value = setting(resource, *path)
        if isinstance(value, Unknown):
            yield unverified(resource, f"{'.'.join(path)} is not known yet")
        elif value is None or str(value).lower() in values:
            yield fails(resource, f"{'.'.join(path)} is {_said(value)}: {what}")

    return problems


def customer_key(what: str, *path: str, arn_only: bool = False) -> Problems:
    """Want a property to name a customer's key; `what` says what the key is for."""

    def problems(graph: Graph, resource: Resource) -> Iterator[Judgement]:
        value = setting(resource, *path)
        use = key_use(graph, resource, path[0], value, arn_only=arn_only)
        name = ".".join(path)
        if use is KeyUse.UNKNOWN:
            yield unverified(resource, f"{name} is not known yet and leads to no key of the stack")
        elif use is KeyUse.ABSENT:
            yield fails(resource, f"{what} not encrypted under a key of yours: {name} is not set")
        elif use is not KeyUse.CUSTOMER:
            yield fails(resource, f"{what} not encrypted under a key of yours: {name} is '{value}'")

    return problems


def both(*parts: Problems) -> Problems:
    """Want several things of the same resource."""

    def problems(graph: Graph, resource: Resource) -> Iterator[Judgement]:
        for part in parts:
            yield from part(graph, resource)

    return problems


def _said(value: Value) -> str:
    if value is None:
        return "not set"
    return str(value).lower() if isinstance(value, bool) else str(value)
