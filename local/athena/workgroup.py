"""An Athena workgroup as deployed: whether it takes queries, where results go, how much a query may scan."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from local.athena.errors import QueryError
from local.aws import Cloud


@dataclass(frozen=True)
class WorkGroup:
    """The settings that hold for every query of a workgroup; `cutoff_bytes` is None without a limit."""

    name: str
    output_location: str
    expected_bucket_owner: str | None
    encryption: str | None
    kms_key: str | None
    cutoff_bytes: int | None


def load(cloud: Cloud, name: str) -> WorkGroup:
    """Read a workgroup back.

    Raises:
        QueryError: It does not exist, is disabled, or has no place for results.

    """
    athena = cloud.client("athena")
    try:
        raw = athena.get_work_group(WorkGroup=name)["WorkGroup"]
    except ClientError as error:
        known = sorted(group["Name"] for group in athena.list_work_groups()["WorkGroups"])
        raise QueryError(
            "INVALID_INPUT",
            f"WorkGroup {name} is not found.",
            fix=f"workgroups: {', '.join(known) or 'none'}",
        ) from error
    if raw.get("State", "ENABLED") != "ENABLED":
        raise QueryError("INVALID_INPUT", f"WorkGroup {name} is disabled.", fix="enable it, or use another")
    return parse(name, raw.get("Configuration") or {})


def parse(name: str, configuration: dict[str, Any]) -> WorkGroup:
    """Return a workgroup from the shape of its configuration.

    Raises:
        QueryError: It names no output location, or client-side encryption.

    """
    results = configuration.get("ResultConfiguration") or {}
    encryption = results.get("EncryptionConfiguration") or {}
    if not results.get("OutputLocation"):
        raise QueryError(
            "INVALID_INPUT",
            f"WorkGroup {name} has no output location",
            fix="set its result configuration's output location",
        )
    if encryption.get("EncryptionOption") == "CSE_KMS":
        raise QueryError(
            "NOT_SUPPORTED", f"WorkGroup {name} encrypts on the client (CSE_KMS)", fix="use SSE_KMS or SSE_S3"
        )
    return WorkGroup(
        name=name,
        output_location=results["OutputLocation"].rstrip("/") + "/",
        expected_bucket_owner=results.get("ExpectedBucketOwner"),
        encryption=encryption.get("EncryptionOption"),
        kms_key=encryption.get("KmsKey"),
        cutoff_bytes=configuration.get("BytesScannedCutoffPerQuery"),
    )
