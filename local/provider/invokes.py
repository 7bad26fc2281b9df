"""The provider functions the embedded AWS answers: facts of the account and the place."""

from typing import Any

from local.provider.clients import Clients, dns_suffix_of, partition_of
from local.provider.errors import ProviderError
from local.provider.values import Properties, Unknown


def _caller_identity(clients: Clients, _: Properties) -> Properties:
    account = clients.account
    if isinstance(account, Unknown):
        raise ProviderError(
            "the account is not known without an embedded AWS",
            where="aws:index/getCallerIdentity:getCallerIdentity",
            fix="set `aws:allowedAccountIds` to the stack's account",
        )
    arn = f"arn:{partition_of(clients.settings.region)}:iam::{account}:root"
    return {"accountId": account, "arn": arn, "id": account, "userId": account}


def _region(clients: Clients, args: Properties) -> Properties:
    region = args.get("region") or args.get("name") or clients.settings.region
    suffix = dns_suffix_of(partition_of(region))
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": region,
        "endpoint": f"ec2.{region}.{suffix}",
    }


def _partition(clients: Clients, _: Properties) -> Properties:
    partition = partition_of(clients.settings.region)
    suffix = dns_suffix_of(partition)
    reverse = ".".join(reversed(suffix.split(".")))
    return {"id": partition, "partition": partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse}


FUNCTIONS: dict[str, Any] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
}


def invoke(token: str, clients: Clients, args: Properties) -> Properties:
    """Answer a function of the provider.

    Raises ProviderError, naming the token, for one that is not known.
    """
    if token not in FUNCTIONS:
        raise ProviderError(
            f"the embedded AWS does not answer the function {token}",
            where=token,
            fix="compute the value in the program, or add the function to local/provider/invokes.py",
        )
    result: Properties = FUNCTIONS[token](clients, args)
    return result
