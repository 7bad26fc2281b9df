"""Judges of resource policies, whatever the resource: strangers, deputies, other accounts, plain HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.controls.control import Judge, Judgement, fails, settle, unverified
from policies.controls.deputies import deputy_problems
from policies.graph.accounts import home_account
from policies.graph.arns import parse_arn
from policies.graph.conditions import AUDIENCE_KEYS, Narrows, narrowed_by, why_not
from policies.graph.documents import Document, Principal, State, Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.resource_policies import ResourcePolicy, resource_policies
from policies.graph.values import Unknown

PolicyJudge = Callable[[Graph, ResourcePolicy], Iterator[Judgement]]
_ORGANISATION = frozenset({"aws:principalorgid", "aws:principalorgpaths", "aws:principalarn"})


def each_document(judge: PolicyJudge, *abouts: Kind) -> Judge:
    """Return a judge that settles every resource policy of some kinds that can be read."""

    def judged(graph: Graph) -> Iterator[Judgement]:
        for about in abouts:
            for policy in resource_policies(graph, about):
                if policy.document.state is State.UNKNOWN:
                    yield unverified(policy.holder, "its policy is not known yet")
                elif policy.document.state is State.INVALID:
                    yield fails(policy.holder, f"its policy {policy.document.problem}")
                else:
                    yield from settle(policy.holder, judge(graph, policy))

    return judged


def strangers(graph: Graph, policy: ResourcePolicy) -> Iterator[Judgement]:
    """Say what a policy grants to anyone."""
    del graph
    holder = policy.holder
    for statement in (s for s in policy.document.statements if s.allows):
        if statement.not_principals:
            yield fails(holder, f"{statement.label} allows everyone but some (NotPrincipal)")
        elif any(p.is_anyone for p in statement.principals):
            answer = narrowed_by(statement, AUDIENCE_KEYS)
            if answer is Narrows.UNKNOWN:
                yield unverified(holder, f"the conditions of {statement.label} are not known yet")
            elif answer is Narrows.NO:
                reason = why_not(statement, AUDIENCE_KEYS) or "without a condition that shuts strangers out"
                yield fails(
                    holder, f"{statement.label} allows {joined(statement.actions)} to anyone: {reason}"
                )
        elif any(isinstance(p.value, Unknown) for p in statement.principals):
            yield unverified(holder, f"the principals of {statement.label} are not known yet")


def deputies(graph: Graph, policy: ResourcePolicy) -> Iterator[Judgement]:
    """Say which services a policy admits for whichever customer's sake."""
    del graph
    for statement in policy.document.statements:
        yield from deputy_problems(policy.holder, statement, assuming=False)


def other_accounts(graph: Graph, policy: ResourcePolicy) -> Iterator[Judgement]:
    """Say which other accounts a policy admits."""
    yield from foreign_principals(graph, policy.holder, policy.document)


def foreign_principals(graph: Graph, holder: Resource, document: Document) -> Iterator[Judgement]:
    """Say which principals of other accounts a document admits, unless it pins the organisation."""
    home = graph.derived(home_account)
    for statement in (s for s in document.statements if s.allows):
        for principal in statement.principals:
            account = account_of(principal)
            if account is None or home is None or account == home:
                continue
            if narrowed_by(statement, _ORGANISATION) is not Narrows.YES:
                what = joined(statement.actions)
                text = (
                    f"{statement.label} allows {what} to {principal.value}, of account {account}, not {home}"
                )
                yield fails(holder, text)


def account_of(principal: Principal) -> str | None:
    """Return the account of an AWS principal; `None` for services, wildcards and what is not known yet."""
    if principal.type != "AWS" or not isinstance(principal.value, str):
        return None
    arn = parse_arn(principal.value)
    account = principal.value if arn is None else arn.account
    return account if account.isdigit() else None


def refuses_plain_http(statement: Statement, actions: tuple[str, ...]) -> bool:
    """Whether a statement denies everyone some actions (or all) over plain HTTP, and asks nothing else."""
    if not statement.denies or len(statement.conditions) != 1:
        return False
    (condition,) = statement.conditions
    wanted = {action.lower() for action in actions}
    said = {str(action).lower() for action in statement.actions}
    service = actions[0].partition(":")[0].lower()
    return (
        condition.operator == "bool"
        and condition.key == "aws:securetransport"
        and tuple(str(value).lower() for value in condition.values) == ("false",)
        and any(p.value == "*" and p.type in ("*", "AWS") for p in statement.principals)
        and (wanted <= said or bool(said & {"*", f"{service}:*"}))
    )


def wants_tls(about: Kind, thing: str, *actions: str) -> Judge:
    """Return a judge that wants every resource of a kind to have a policy that refuses plain HTTP."""

    def judge(graph: Graph) -> Iterator[Judgement]:
        policies = resource_policies(graph, about)
        loose = any(p.owner is None for p in policies)
        for resource in graph.of(about):
            own = [p for p in policies if p.owner is not None and p.owner.urn == resource.urn]
            if any(refuses_plain_http(s, actions) for p in own for s in p.document.statements):
                yield from settle(resource, ())
            elif loose and not own:
                text = f"{thing} has no policy, unless one whose {thing} is not known yet is its"
                yield unverified(resource, text)
            elif any(p.document.has_unknown for p in own):
                yield unverified(own[0].holder, "its policy is not known yet")
            elif own:
                yield fails(own[0].holder, f"no statement refuses {actions[0]} over plain HTTP to everyone")
            else:
                yield fails(resource, f"the {thing} has no policy, so it answers plain HTTP")

    return judge


def joined(texts: tuple[object, ...]) -> str:
    """Return texts as a list in a sentence."""
    return ", ".join(str(text) for text in texts) or "nothing"
