"""The Redshift Data API: who reads the results of whose statements."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Category, Control, Judgement, Severity, fails, unverified
from policies.controls.iam_permissions import each_grant
from policies.graph.arns import covers
from policies.graph.conditions import Narrows, narrowed_by
from policies.graph.kinds import Kind
from policies.graph.principals import Grant, Identities

# Neither takes a resource that would tell one caller's statements from another's.
_READS = ("redshift-data:GetStatementResult", "redshift-data:DescribeStatement")
_OWNER = "redshift-data:statement-owner-iam-userid"


def _own_only(found: Identities, grant: Grant) -> Iterator[Judgement]:
    for statement in (s for s in grant.document.statements if s.allows):
        patterns = statement.known(statement.actions)
        read = next((a for a in _READS if any(covers(p, a, ignore_case=True) for p in patterns)), None)
        if read is None or found.survivor(grant, read, "*") is None:
            continue
        answer = narrowed_by(statement, (_OWNER,))
        if answer is Narrows.UNKNOWN:
            yield unverified(grant.holder, f"the conditions of {statement.label} are not known yet")
        elif answer is Narrows.NO:
            text = f"{statement.label} allows {read} of everybody's statements: their rows, past all grants"
            yield fails(
                grant.holder,
                text,
                f'Add "StringEquals": {{"{_OWNER}": "${{aws:userid}}"}} to {statement.label}.',
            )


_DOCUMENTS = frozenset(
    {Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY, Kind.USER_POLICY, Kind.GROUP_POLICY}
)

CONTROLS = (
    Control(
        id="DL-RS-22",
        name="redshift-data-own-statements",
        title="Whoever uses the Redshift Data API reads the results of its own statements only",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Results stay for a day under ids that can be listed: reading them takes no right on the tables.",
        fix=f"Add a condition StringEquals {_OWNER} ${{aws:userid}}.",
        judge=lambda graph: each_grant(graph, _own_only),
        kinds=_DOCUMENTS,
    ),
)
