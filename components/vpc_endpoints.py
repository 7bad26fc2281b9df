"""What runs inside the network may ask of AWS: one declaration a service, one endpoint policy each.

A network without internet reaches a service through its endpoint only, so a service that is not declared
where it is needed cannot be called. https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from components.iam import Conditions, Document, Statement, document
from components.names import Names, Store

GATEWAY_SERVICE = "s3"

# Buckets of AWS's own that Glue's runtime reads with the job's role, hence through our network.
_GLUE_OWNED = ("aws-glue-*", "crawler-public*")
_STORES = (Store.DATA, Store.ARTIFACTS)


@dataclass(frozen=True)
class Call:
    """A service that something inside the network calls: its IAM prefix and the actions.

    `resources` gives the ARNs the actions are about; "*" where they know none.
    """

    service: str
    actions: tuple[str, ...]
    resources: Callable[[Names], list[str]]

    @property
    def endpoint(self) -> str:
        """Return the service as endpoints name it, which for CloudWatch's metrics is not as IAM does."""
        return "monitoring" if self.service == "cloudwatch" else self.service


def interface_policy(names: Names, calls: Sequence[Call]) -> Document:
    """Admit the declared calls by principals of this account, whoever's credentials reach the network."""
    ours = {"StringEquals": {"aws:PrincipalAccount": names.account}}
    return document(
        *(
            _admit(f"Call{number}", call.actions, call.resources(names), ours)
            for number, call in enumerate(calls)
        )
    )


def gateway_policy(names: Names) -> Document:
    """Admit the lake's and the artifacts' buckets for this account, and what Glue reads of its own.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
    """
    ours = {"StringEquals": {"aws:PrincipalAccount": names.account, "aws:ResourceAccount": names.account}}
    buckets = [names.bucket_arn(store) for store in _STORES]
    objects = [names.objects_arn(store) for store in _STORES]
    glue = [f"arn:{names.partition}:s3:::{bucket}/*" for bucket in _GLUE_OWNED]
    return document(
        _admit("FindObjects", ("s3:GetBucketLocation", "s3:ListBucket"), buckets, ours),
        _admit(
            "UseObjects",
            (
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ),
            objects,
            ours,
        ),
        _admit("ReadWhatGlueShips", ("s3:GetObject",), glue, {}),
    )


def _admit(sid: str, actions: Sequence[str], resources: Sequence[str], conditions: Conditions) -> Statement:
    statement: Statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": "*",
        "Action": list(actions),
        "Resource": list(resources),
    }
    if conditions:
        statement["Condition"] = {operator: dict(keys) for operator, keys in conditions.items()}
    return statement
