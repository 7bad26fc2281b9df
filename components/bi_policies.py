"""What QuickSight may do: read the lake as the persona `reporting`, and reach the warehouse's network."""

from collections.abc import Sequence

from components.access_matrix import View
from components.iam import Document, allow, assumed_by, document
from components.names import Names
from components.persona_policies import persona_policy
from components.settings import PROJECT

READER = "reporting"
"""The persona whose workgroup, results and grants QuickSight's Athena source uses."""


def source_trust(names: Names) -> Document:
    """Trust QuickSight on behalf of this account's data sources."""
    conditions = {
        "StringEquals": {"aws:SourceAccount": names.account},
        "ArnLike": {"aws:SourceArn": names.arn("quicksight", "datasource/*")},
    }
    return document(assumed_by("quicksight", conditions))


def network_trust(names: Names) -> Document:
    """Trust QuickSight, working for this account; it is not known to say for which VPC connection."""
    return document(assumed_by("quicksight", {"StringEquals": {"aws:SourceAccount": names.account}}))


def reader_policy(names: Names, views: Sequence[View]) -> Document:
    """Query in the workgroup of reports what Lake Formation lends to QuickSight's role."""
    return persona_policy(names, READER, views)


def network_policy(names: Names) -> Document:
    """Make, change and remove the network interfaces of a VPC connection, in this project's subnets only.

    An interface that is being made has no tags yet, hence "if it has any" on the interfaces themselves. EC2
    judges an interface together with its subnet and groups, when it is made and when it changes groups.
    https://docs.aws.amazon.com/quicksight/latest/user/vpc-creating-a-connection-in-quicksight-console.html
    """
    own = {"aws:ResourceTag/project": PROJECT}
    interfaces = [names.arn("ec2", "network-interface/*")]
    places = [names.arn("ec2", "subnet/*"), names.arn("ec2", "security-group/*")]
    place = ["ec2:CreateNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute"]
    return document(
        allow("ConnectToSubnets", place, places, {"StringEquals": own}),
        allow(
            "ChangeInterfaces",
            [*place, "ec2:DeleteNetworkInterface"],
            interfaces,
            {"StringEqualsIfExists": own},
        ),
        allow("FindSubnets", ["ec2:DescribeSecurityGroups", "ec2:DescribeSubnets"], ["*"]),
    )
