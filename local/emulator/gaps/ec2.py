"""Amazon EC2: the type that a VPC endpoint has when none is given."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.vpcs import VPCBackend

from local.emulator.gaps.extend import replace


def install() -> None:
    """Extends moto's EC2."""

    def create_vpc_endpoint(self: Any, *, endpoint_type: str | None = None, **options: Any) -> Any:
        return create(self, endpoint_type=endpoint_type or "Gateway", **options)

    create = replace(VPCBackend, "create_vpc_endpoint", create_vpc_endpoint)
