"""The role that a service of AWS takes on for one function of the platform, with its one policy."""

import json
from collections.abc import Mapping

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import iam

from components.iam import Document
from components.names import Names


def service_role(
    name: str,
    names: Names,
    function: str,
    *,
    purpose: str,
    trust: Document,
    grant: str,
    policy: Document,
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """Make `<name>-role`, called after its function, and `<name>-policy`, called `grant`, under a component.

    Returns both: what uses the role waits for its policy too.
    """
    called = names.role(function)
    role = iam.Role(
        f"{name}-role",
        name=called,
        description=purpose,
        assume_role_policy=json.dumps(trust),
        tags=tags,
        opts=ResourceOptions(parent=parent),
    )
    granted = iam.RolePolicy(
        f"{name}-policy",
        name=grant,
        role=called,
        policy=json.dumps(policy),
        opts=ResourceOptions(parent=parent, depends_on=[role]),
    )
    return [role, granted]
