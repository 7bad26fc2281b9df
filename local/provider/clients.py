"""Where the provider's calls go: boto3 clients bound to the embedded AWS, and the account's own facts."""

from typing import Any

from local.aws import Cloud
from local.provider.configuration import Settings
from local.provider.errors import ProviderError
from local.provider.values import UNKNOWN

EMULATOR = "LAKE_EMULATOR"
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-iso-", "aws-iso"),
)
_DNS_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


def partition_of(region: str) -> str:
    """Return the partition of a region: `aws` but for China and GovCloud."""
    return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")


def dns_suffix_of(partition: str) -> str:
    """Return the domain under which a partition's services answer."""
    return _DNS_SUFFIXES.get(partition, "amazonaws.com")


class Clients:
    """The way to the embedded AWS, if there is one, and to the facts of the account; thread-safe.

    Args:
        endpoint: address of the embedded AWS; None serves previews only.
        settings: the provider's configuration.

    Raises:
        DataLakeError: the endpoint is not on this machine.

    """

    def __init__(self, endpoint: str | None, settings: Settings) -> None:
        self._cloud = Cloud(endpoint, region=settings.region) if endpoint else None
        self.settings = settings
        self._account = settings.account

    def client(self, service: str, region: str) -> Any:
        """Return the client of a service in a region.

        Raises ProviderError when there is no embedded AWS to call.
        """
        if self._cloud is None:
            raise ProviderError(
                "there is no embedded AWS to deploy to; without one this provider serves previews only",
                where=f"environment variable {EMULATOR} is not set",
                fix="deploy with the project's own command, which starts it",
            )
        return self._cloud.client(service, region)

    @property
    def account(self) -> Any:
        """The account's number; UNKNOWN when neither the configuration nor an embedded AWS can tell."""
        if self._account is None and self._cloud is not None:
            self._account = self.client("sts", self.settings.region).get_caller_identity()["Account"]
        return self._account or UNKNOWN
