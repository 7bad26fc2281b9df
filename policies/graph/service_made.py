"""What AWS services make under a role of ours and neither name nor tag, so that no policy can name it.

QuickSight makes, changes and removes the network interfaces of a VPC connection with the connection's role;
AWS documents the three actions with `"Resource": "*"`. Where they are made is narrowed by subnet and group;
the two others speak of interfaces whose ids nobody knows before. Glue does the same for a job with a
connection, and marks its interfaces with a tag key of its own.
https://docs.aws.amazon.com/quicksight/latest/user/vpc-creating-a-connection-in-quicksight-console.html
https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html
"""

from __future__ import annotations

from policies.graph.arns import has_wildcard, parse_arn
from policies.graph.conditions import DEPUTY_KEYS, Narrows, narrowed_by
from policies.graph.documents import State, Statement, parse
from policies.graph.kinds import Kind
from policies.graph.model import Resource
from policies.graph.principals import Grant

_DELETE, _MODIFY = "ec2:deletenetworkinterface", "ec2:modifynetworkinterfaceattribute"
_TAGGING = frozenset({"ec2:createtags", "ec2:deletetags"})
_SERVICES = {
    "quicksight.amazonaws.com": frozenset({_DELETE, _MODIFY}),
    "glue.amazonaws.com": frozenset({_DELETE, *_TAGGING}),
}
_OWN_TAG_KEYS = frozenset({"aws-glue-service-resource"})
_TAG, _TAG_KEYS = "aws:resourcetag/", "aws:tagkeys"


def left_to_service(grant: Grant, statement: Statement, action: str, resource: str) -> bool:
    """Whether an action on every resource of a type in one account and region is a service's own business.

    It is when all of these hold: nobody but a service that makes such things under the role may assume the
    role, and only on behalf of this account; the resource names account and region; and things that carry
    somebody else's tag are out of reach (`StringEqualsIfExists` on `aws:ResourceTag/…`), which leaves what
    nobody tagged. Tagging must be held to the service's own tag keys instead (`ForAllValues:StringEquals` on
    `aws:TagKeys`).
    """
    arn = parse_arn(resource)
    if arn is None or not arn.account.isdigit() or not arn.region or has_wildcard(arn.region):
        return False
    held = _tags_its_own if action.lower() in _TAGGING else _spares_others
    if not held(statement):
        return False
    return bool(grant.holders) and all(_serves(holder, action) for holder in grant.holders)


def _spares_others(statement: Statement) -> bool:
    return any(
        c.key.startswith(_TAG)
        and c.operator == "stringequals"
        and c.if_exists
        and not c.quantifier
        and not c.is_unknown
        for c in statement.conditions
    )


def _tags_its_own(statement: Statement) -> bool:
    return any(
        c.key == _TAG_KEYS
        and c.operator == "stringequals"
        and c.quantifier == "forallvalues"
        and _OWN_TAG_KEYS.issuperset(c.values)
        for c in statement.conditions
    )


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
