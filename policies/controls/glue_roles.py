"""Glue jobs and crawlers: whose role each of them runs under."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, settle, unverified
from policies.graph.arns import local_name
from policies.graph.documents import State, parse
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource


def _dedicated(graph: Graph) -> Iterator[Judgement]:
    users: defaultdict[str, list[Resource]] = defaultdict(list)
    outside: defaultdict[str, list[Resource]] = defaultdict(list)
    for kind, prop in ((Kind.GLUE_JOB, "roleArn"), (Kind.GLUE_CRAWLER, "role")):
        for worker in graph.of(kind):
            reference = graph.follow(worker, prop, Kind.ROLE)
            if reference.join is Join.UNKNOWN:
                yield unverified(worker, f"{prop} is not known yet and leads to no role of the stack")
            elif reference.join is Join.EXTERNAL:
                outside[local_name(str(worker.at(prop)))].append(worker)
            elif reference.target is not None:
                users[reference.target.urn].append(worker)
    for name, workers in outside.items():
        for worker in workers:
            others = [w.name for w in workers if w.urn != worker.urn]
            yield from settle(worker, _sharing(worker, name, others))
    for urn, workers in users.items():
        role = graph.by_urn[urn]
        for worker in workers:
            others = [w.name for w in workers if w.urn != worker.urn]
            yield from settle(worker, _role_problems(role, worker, others))


def _sharing(worker: Resource, role: str, others: list[str]) -> Iterator[Judgement]:
    if others:
        text = f"shares role {role} with {', '.join(others)}: each may do what any of them needs"
        yield fails(worker, text)


def _role_problems(role: Resource, worker: Resource, others: list[str]) -> Iterator[Judgement]:
    yield from _sharing(worker, role.name, others)
    trust = parse(role.props.get("assumeRolePolicy"))
    if trust.state is not State.KNOWN:
        return
    services = {
        str(p.value) for s in trust.statements if s.allows for p in s.principals if p.type == "Service"
    }
    strangers = sorted(services - {"glue.amazonaws.com"})
    if strangers:
        yield fails(worker, f"its role {role.name} may also be assumed by {', '.join(strangers)}")


CONTROLS = (
    Control(
        id="DL-GLUE-12",
        name="glue-role-dedicated",
        title="Each job and crawler has a role of its own, which Glue alone assumes",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="A shared role gives each the rights of all, and hides in the trail who did what.",
        fix="Give each job and crawler its own role that trusts glue.amazonaws.com only.",
        judge=_dedicated,
        kinds=frozenset({Kind.GLUE_JOB, Kind.GLUE_CRAWLER, Kind.ROLE}),
    ),
)
