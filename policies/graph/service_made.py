"""What AWS services make under a role of ours and neither name nor tag, so that no policy can name it.

QuickSight makes, changes and removes the network interfaces of a VPC connection with the connection's role;
AWS documents the three actions with `"Resource": "*"`. Where they are made is narrowed by subnet and group;
the two others speak of interfaces whose ids nobody knows before.
https://docs.aws.amazon.com/quicksight/latest/user/vpc-creating-a-connection-in-quicksight-console.html
"""

from __future__ import annotations

from policies.graph.arns import has_wildcard, parse_arn
from policies.graph.conditions import DEPUTY_KEYS, Narrows, narrowed_by
from policies.graph.documents import State, Statement, parse
from policies.graph.kinds import Kind
from policies.graph.model import Resource
from policies.graph.principals import Grant

_INTERFACES = frozenset({"ec2:deletenetworkinterface", "ec2:modifynetworkinterfaceattribute"})
_SERVICES = {"quicksight.amazonaws.com": _INTERFACES}
_TAG = "aws:resourcetag/"


def left_to_service(grant: Grant, statement: Statement, action: str, resource: str) -> bool:
    """Whether an action on every resource of a type in one account and region is a service's own business.

    It is when all of these hold: nobody but a service that makes such things under the role may assume the
    role, and only on behalf of this account; the resource names account and region; and things that carry
    somebody else's tag are out of reach (`StringEqualsIfExists` on `aws:ResourceTag/…`), which leaves what
    nobody tagged.
    """
    arn = parse_arn(resource)
    if arn is None or not arn.account.isdigit() or not arn.region or has_wildcard(arn.region):
        return False
    if not any(
        c.key.startswith(_TAG)
        and c.operator == "stringequals"
        and c.if_exists
        and not c.quantifier
        and not c.is_unknown
        for c in statement.conditions
    ):
        return False
    return bool(grant.holders) and all(_serves(holder, action) for holder in grant.holders)


def _serves(holder: Resource, action: str) -> bool:
    if holder.kind is not Kind.ROLE:
        return False
    trust = parse(holder.props.get("assumeRolePolicy"))
    return trust.state is State.KNOWN and all(
        bool(statement.principals)
        and all(
            p.type == "Service" and action.lower() in _SERVICES.get(str(p.value).lower(), ())
            for p in statement.principals
        )
        and narrowed_by(statement, DEPUTY_KEYS) is Narrows.YES
        for statement in trust.statements
        if statement.allows
    )
