"""What a killed deployment made and could not note: AWS invented its id, so no name leads back to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from local.aws import Cloud


def remove(cloud: Cloud, begun: Collection[Mapping[str, Any]], held: Collection[Mapping[str, Any]]) -> None:
    """Delete from the embedded AWS what begun creations left behind.

    `begun` are the resources whose creation was never reported as ended, `held` those in the state. The
    embedded AWS is the stack's alone, so what is of a begun type and not held is such a leftover.
    """
    ids = {resource["id"] for resource in held if resource.get("id")}
    places = {(r["type"], (r.get("inputs") or {}).get("region") or cloud.region) for r in begun}
    for token, region in sorted(places):
        if token in _LEFTOVERS:
            _LEFTOVERS[token](cloud, region, ids)


def _keys(cloud: Cloud, region: str, ids: Collection[str]) -> None:
    kms = cloud.client("kms", region)
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            ours = about["KeyManager"] == "CUSTOMER" and about["KeyState"] == "Enabled"
            if ours and key["KeyId"] not in ids:
                kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)


def _named_queries(cloud: Cloud, region: str, ids: Collection[str]) -> None:
    athena = cloud.client("athena", region)
    for identifier in list(_query_ids(athena)):
        if identifier not in ids:
            athena.delete_named_query(NamedQueryId=identifier)


def _query_ids(athena: Any) -> Iterator[str]:
    for group in athena.list_work_groups()["WorkGroups"]:
        yield from athena.list_named_queries(WorkGroup=group["Name"]).get("NamedQueryIds", ())


_LEFTOVERS: Mapping[str, Callable[[Cloud, str, Collection[str]], None]] = {
    "aws:kms/key:Key": _keys,
    "aws:athena/namedQuery:NamedQuery": _named_queries,
}
