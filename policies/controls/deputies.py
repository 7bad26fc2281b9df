"""Services that act on somebody's behalf, and whether they say on whose (the confused deputy).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html and each service's own page on
cross-service confused deputy prevention. A service that is not listed is not known to send the keys, and a
condition on a key that is never sent locks the service out, so nothing is asked for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import Judgement, fails, unverified
from policies.graph.conditions import DEPUTY_KEYS, Narrows, narrowed_by, why_not
from policies.graph.documents import Statement
from policies.graph.model import Resource

# Services that send aws:SourceAccount / aws:SourceArn when they assume a role. CloudTrail is none of them:
# under such a condition it does not deliver to CloudWatch Logs
# (https://github.com/prowler-cloud/prowler/issues/4714).
_ASSUMING = frozenset(
    {
        "athena",
        "backup",
        "bedrock",
        "budgets",
        "config",
        "datasync",
        "dms",
        "events",
        "firehose",
        "glue",
        "kinesisanalytics",
        "lakeformation",
        "monitoring",
        "pipes",
        "quicksight",
        "redshift",
        "redshift-serverless",
        "s3",
        "sagemaker",
        "scheduler",
        "states",
        "transfer",
        "vpc-flow-logs",
    }
)
# Services that send them, or an encryption context of their own, when they use a resource or a key.
_USING = frozenset(
    {
        "budgets",
        "cloudtrail",
        "cloudwatch",
        "config",
        "costalerts",
        "delivery.logs",
        "events",
        "firehose",
        "glue",
        "guardduty",
        "lakeformation",
        "logging.s3",
        "logs",
        "redshift",
        "s3",
        "scheduler",
        "ses",
        "sns",
        "sqs",
        "states",
    }
)


def _prefix(principal: str) -> str:
    """Return the service of a principal (`logs` of `logs.eu-west-1.amazonaws.com`)."""
    name = principal.lower().removesuffix(".cn").removesuffix(".amazonaws.com")
    head, _, tail = name.rpartition(".")
    is_region = tail.count("-") >= 2 and tail[-1:].isdigit()
    return head if head and is_region else name


def names_itself(principal: str, *, assuming: bool) -> bool:
    """Whether a service principal is known to say for which account or resource it calls."""
    return _prefix(principal) in (_ASSUMING if assuming else _USING)


def deputy_problems(
    holder: Resource,
    statement: Statement,
    *,
    assuming: bool,
    also: frozenset[str] = frozenset(),
    prefixes: tuple[str, ...] = (),
) -> Iterator[Judgement]:
    """Say what lets any customer of a service reach through a statement that admits the service.

    Args:
        holder: The resource whose document it is.
        statement: The statement.
        assuming: Whether it is a role's trust, else a policy of a resource.
        also: Further keys that tie the call down (KMS encryption contexts, …).
        prefixes: Prefixes of such keys.

    """
    if not statement.allows:
        return
    services = [
        str(p.value) for p in statement.principals if p.type == "Service" and isinstance(p.value, str)
    ]
    named = sorted(service for service in services if names_itself(service, assuming=assuming))
    if not named:
        return
    keys = DEPUTY_KEYS | also
    answer = narrowed_by(statement, keys, prefixes)
    if answer is Narrows.UNKNOWN:
        yield unverified(holder, f"the conditions of {statement.label} are not known yet")
    elif answer is Narrows.NO:
        reason = why_not(statement, keys) or "it has no condition on aws:SourceAccount or aws:SourceArn"
        yield fails(
            holder,
            f"{statement.label} admits {', '.join(named)} for whichever customer's sake it calls: {reason}",
            f'Add "Condition": {{"StringEquals": {{"aws:SourceAccount": "<account>"}}}} to {statement.label} '
            "and aws:SourceArn where the calling resource is known.",
        )
