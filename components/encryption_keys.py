"""Customer-managed encryption keys, one a purpose."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import kms

from components.key_policies import key_policy
from components.names import KeyPurpose, Names
from components.settings import Settings
from components.tagging import tags

_DESCRIPTIONS = {
    KeyPurpose.DATA: "Objects of the energy data lake and artifacts of its jobs",
    KeyPurpose.RESULTS: "Results of Athena queries over the energy data lake",
    KeyPurpose.LOGS: "Log groups of the energy data lake",
    KeyPurpose.CATALOG: "Glue Data Catalog of the account",
    KeyPurpose.AUDIT: "Trail of the API calls on the energy data lake",
    KeyPurpose.ALERTS: "Topic of the alerts of the energy data lake",
    KeyPurpose.WAREHOUSE: "Warehouse of the energy data lake and its password",
}


@dataclass(frozen=True)
class EncryptionKeysArgs:
    """What the keys are for: `log_groups` are the only ones the LOGS key encrypts."""

    settings: Settings
    names: Names
    log_groups: Sequence[str]


class EncryptionKeys(ComponentResource):
    """A rotated key with a policy and an alias for each purpose.

    The CATALOG key exists where the stack owns the account's settings: a catalog has one key.
    """

    def __init__(self, name: str, args: EncryptionKeysArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:security:EncryptionKeys", name, None, opts)
        settings, names = args.settings, args.names
        self._keys: dict[KeyPurpose, kms.Key] = {}
        for purpose, description in _DESCRIPTIONS.items():
            if purpose is KeyPurpose.CATALOG and not settings.owns_account_settings:
                continue
            key = kms.Key(
                f"{name}-{purpose}-key",
                description=description,
                policy=json.dumps(key_policy(names, purpose, args.log_groups)),
                key_usage="ENCRYPT_DECRYPT",
                is_enabled=True,
                enable_key_rotation=True,
                deletion_window_in_days=settings.key_deletion_days,
                tags=tags(settings, "encryption-keys"),
                opts=ResourceOptions(parent=self, protect=settings.protect),
            )
            alias = names.key_alias(purpose)
            kms.Alias(
                f"{name}-{purpose}-alias",
                name=alias,
                target_key_id=key.key_id,
                opts=ResourceOptions(parent=self),
            )
            self._keys[purpose] = key
        self.register_outputs({f"{purpose}_key_arn": key.arn for purpose, key in self._keys.items()})

    def arn(self, purpose: KeyPurpose) -> Output[str]:
        """Return a key's ARN, an id that AWS invents."""
        return self._keys[purpose].arn

    @property
    def purposes(self) -> tuple[KeyPurpose, ...]:
        """Return what this stack has keys for."""
        return tuple(self._keys)
