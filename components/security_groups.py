"""Security groups and their rules, each rule a resource of its own.

EC2 takes ASCII letters, digits, spaces and `._-:/()#,@[]+=&;{}!$*` in descriptions, and no apostrophe.
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from collections.abc import Mapping

import pulumi
from pulumi import Input, ResourceOptions
from pulumi_aws import ec2, vpc

_LAST_PORT = 65535


class SecurityGroups:
    """Makes groups and TCP rules of one component, named `<name>-…`; `rules` are those made so far."""

    def __init__(
        self, name: str, vpc_id: Input[str], tags: Mapping[str, str], parent: pulumi.Resource
    ) -> None:
        self._name, self._vpc_id, self._tags = name, vpc_id, dict(tags)
        self._child = ResourceOptions(parent=parent)
        self.rules: list[pulumi.Resource] = []

    def group(self, part: str, label: str, purpose: str) -> ec2.SecurityGroup:
        """Make a group that lets nothing in or out; consoles show its label."""
        return ec2.SecurityGroup(
            f"{self._name}-{part}",
            name=label,
            description=purpose,
            vpc_id=self._vpc_id,
            tags={**self._tags, "Name": label},
            opts=self._child,
        )

    def admit(
        self,
        part: str,
        group: Input[str],
        purpose: str,
        *,
        source: Input[str] | None = None,
        cidr: str | None = None,
        port: int | None = None,
    ) -> None:
        """Let another group or a network in on one port, or on every port where none is given."""
        self.rules.append(
            vpc.SecurityGroupIngressRule(
                f"{self._name}-{part}",
                security_group_id=group,
                referenced_security_group_id=source,
                cidr_ipv4=cidr,
                description=purpose,
                ip_protocol="tcp",
                from_port=port or 0,
                to_port=port or _LAST_PORT,
                tags=self._tags,
                opts=self._child,
            )
        )

    def let_out(
        self,
        part: str,
        group: Input[str],
        purpose: str,
        *,
        target: Input[str] | None = None,
        prefix_list: Input[str] | None = None,
        port: int | None = None,
    ) -> None:
        """Let a group out to another group or to a list of AWS's addresses."""
        self.rules.append(
            vpc.SecurityGroupEgressRule(
                f"{self._name}-{part}",
                security_group_id=group,
                referenced_security_group_id=target,
                prefix_list_id=prefix_list,
                description=purpose,
                ip_protocol="tcp",
                from_port=port or 0,
                to_port=port or _LAST_PORT,
                tags=self._tags,
                opts=self._child,
            )
        )
