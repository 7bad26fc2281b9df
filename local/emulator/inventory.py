"""Everything a user created in the embedded AWS, by service and kind; empty for a new account.

Kinds that need judgement (what is AWS's own, what is only a setting) have a row in the table. Every other
service in use is compared with an untouched backend of its kind, so that nothing created is left out for
want of a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from moto.core.base_backend import BackendDict
from moto.core.common_models import BaseModel

from local.emulator.gaps.lakeformation_filters import filters

Backend = Any
Row = tuple[str, Callable[[Backend], Iterable[str]]]
DEFAULT_REGIONS = ("eu-west-1", "aws", "global")
_IGNORED = {"sts", "moto_api", "instance_metadata", "resourcegroupstaggingapi"}
# A statement that has run is history, no resource; moto keeps its backend under the name of Redshift.
_HISTORY = {"RedshiftDataAPIServiceBackend"}


def inventory(account: str) -> dict[str, list[str]]:
    """Returns {"<service>:<kind>": names}; outside the main region as in `name@eu-central-1`."""
    found: dict[str, list[str]] = {}
    for service, region, backend in _backends(account):
        for kind, names in _rows(service, backend):
            suffix = "" if region in DEFAULT_REGIONS else f"@{region}"
            listed = sorted(f"{name}{suffix}" for name in names)
            if listed:
                found.setdefault(f"{service}:{kind}", []).extend(listed)
    return dict(sorted(found.items()))


def _backends(account: str) -> Iterator[tuple[str, str, Backend]]:
    for each in list(BackendDict._instances):  # type: ignore[misc]
        if each.backend.__name__ in _HISTORY or each.service_name in _IGNORED:
            continue
        if account in each:
            for region, backend in dict.items(each[account]):
                yield each.service_name, region, backend


def _rows(service: str, backend: Backend) -> Iterator[tuple[str, Iterable[str]]]:
    rows = _TABLE.get(service)
    if rows is None:
        yield from _compared(backend)
    else:
        yield from ((kind, list(names(backend))) for kind, names in rows)


def _compared(backend: Backend) -> Iterator[tuple[str, Iterable[str]]]:
    """Yields what a backend holds that an untouched one does not."""
    untouched = type(backend)(backend.region_name, backend.account_id)
    for attribute, held in vars(backend).items():
        if isinstance(held, Mapping) and any(isinstance(value, BaseModel) for value in held.values()):
            own = getattr(untouched, attribute, {})
            yield attribute.strip("_").replace("_", "-"), [str(key) for key in held if key not in own]
        elif isinstance(held, list) and held and isinstance(held[0], BaseModel):
            extra = held[len(getattr(untouched, attribute, [])) :]
            yield attribute.strip("_").replace("_", "-"), [str(getattr(each, "name", each)) for each in extra]


def _keys(attribute: str, *own: str) -> Callable[[Backend], Iterable[str]]:
    """Reads the keys of a store, without AWS's own."""
    return lambda backend: [str(key) for key in getattr(backend, attribute) if key not in own]


def _names(attribute: str) -> Callable[[Backend], Iterable[str]]:
    """Reads the names of what a store holds."""
    return lambda backend: [str(each.name) for each in getattr(backend, attribute).values()]


def _not_deleted(attribute: str) -> Callable[[Backend], Iterable[str]]:
    """Reads the keys of a store, without what EC2 still shows for a while after its deletion."""
    return lambda backend: [
        str(key)
        for key, each in getattr(backend, attribute).items()
        if getattr(each, "state", "") != "deleted"
    ]


def _kms_live(backend: Backend) -> list[Any]:
    """Reads the keys that are neither AWS's own nor waiting for their deletion."""
    return [
        key
        for key in backend.keys.values()
        if key.key_manager == "CUSTOMER"
        and not key.key_state.startswith("Pending")
        and not any(alias.startswith("alias/aws/") for alias in key.aliases)
    ]


def _kms_keys(backend: Backend) -> Iterable[str]:
    return [key.id for key in _kms_live(backend)]


def _kms_aliases(backend: Backend) -> Iterable[str]:
    return [alias for key in _kms_live(backend) for alias in key.aliases]


def _iam_roles(backend: Backend) -> Iterable[str]:
    return [
        role.name
        for role in backend.roles.values()
        if not (role.path or "/").startswith("/aws-service-role/")
    ]


def _iam_policies(backend: Backend) -> Iterable[str]:
    return [arn for arn in backend.managed_policies if not arn.startswith("arn:aws:iam::aws:")]


def _rules(backend: Backend) -> Iterable[str]:
    return [f"{bus.name}/{rule}" for bus in backend.event_buses.values() for rule in bus.rules]


def _glue_tables(backend: Backend) -> Iterable[str]:
    return [f"{name}.{table}" for name, database in backend.databases.items() for table in database.tables]


def _glue_encryption(backend: Backend) -> Iterable[str]:
    for catalog, settings in backend.data_catalog_encryption_settings.items():
        at_rest = (settings.get("EncryptionAtRest") or {}).get("CatalogEncryptionMode", "DISABLED")
        passwords = (settings.get("ConnectionPasswordEncryption") or {}).get(
            "ReturnConnectionPasswordEncrypted"
        )
        if at_rest != "DISABLED" or passwords:
            yield catalog


def _lake_settings(backend: Backend) -> Iterable[str]:
    for catalog, settings in backend.settings.items():
        if settings.get("DataLakeAdmins") or settings.get("ReadOnlyAdmins"):
            yield catalog


def _lake_grants(backend: Backend) -> Iterable[str]:
    for grants in vars(backend).get("grants_by_catalog", {}).values():
        for grant in grants:
            yield f"{grant['Principal']['DataLakePrincipalIdentifier']} on {grant['Resource']}"


def _lake_tags(backend: Backend) -> Iterable[str]:
    return [key for keys in backend.tagger.tags.values() for key in keys]


def _lake_expressions(backend: Backend) -> Iterable[str]:
    return [name for store in vars(backend).get("tag_expressions", {}).values() for name in store]


def _kept(attribute: str) -> Callable[[Backend], Iterable[str]]:
    """Reads the keys of a store that our own handlers made, where they made it."""
    return lambda backend: [
        "/".join(key) if isinstance(key, tuple) else str(key) for key in vars(backend).get(attribute, {})
    ]


def _assets(kind: str) -> Callable[[Backend], Iterable[str]]:
    return lambda backend: list(vars(backend).get("assets", {}).get(kind, {}))


def _redshift(kind: str) -> Callable[[Backend], Iterable[str]]:
    return lambda backend: list(backend.RESOURCE_TYPE_MAP.get(kind, {}))


def _active_tags(backend: Backend) -> Iterable[str]:
    tags = vars(backend).get("cost_allocation_tags", {}).values()
    return [tag["TagKey"] for tag in tags if tag["Status"] == "Active"]


def _schedules(backend: Backend) -> Iterable[str]:
    groups = backend.schedule_groups.items()
    return [f"{name}/{schedule}" for name, group in groups for schedule in group.schedules]


def _live_secrets(backend: Backend) -> Iterable[str]:
    return [secret.name for secret in backend.secrets.values() if not secret.is_deleted()]


def _public_access_blocks(backend: Backend) -> Iterable[str]:
    return [backend.account_id] if backend.public_access_block else []


def _budgets(backend: Backend) -> Iterable[str]:
    return [name for budgets in backend.budgets.values() for name in budgets]


def _in_own_vpc(backend: Backend, each: Any) -> bool:
    vpc = backend.vpcs.get(each.vpc_id)
    return vpc is None or not vpc.is_default


def _vpcs(backend: Backend) -> Iterable[str]:
    return [vpc.id for vpc in backend.vpcs.values() if not vpc.is_default]


def _subnets(backend: Backend) -> Iterable[str]:
    subnets = (subnet for zone in backend.subnets.values() for subnet in zone.values())
    return [subnet.id for subnet in subnets if _in_own_vpc(backend, subnet)]


def _security_groups(backend: Backend) -> Iterable[str]:
    groups = (group for of_vpc in backend.groups.values() for group in of_vpc.values())
    return [group.id for group in groups if group.name != "default"]


def _route_tables(backend: Backend) -> Iterable[str]:
    return [table.id for table in backend.route_tables.values() if table.main_association_id is None]


def _network_acls(backend: Backend) -> Iterable[str]:
    return [acl.id for acl in backend.network_acls.values() if not acl.default]


_EC2_STORES = (
    "vpc_end_points",
    "flow_logs",
    "internet_gateways",
    "nat_gateways",
    "enis",
    "key_pairs",
    "launch_templates",
)
_TABLE: dict[str, list[Row]] = {
    "s3": [("buckets", _keys("buckets"))],
    "kms": [("keys", _kms_keys), ("aliases", _kms_aliases)],
    "iam": [
        ("roles", _iam_roles),
        ("policies", _iam_policies),
        ("users", _names("users")),
        ("groups", _names("groups")),
        ("instance-profiles", _names("instance_profiles")),
    ],
    "logs": [
        ("log-groups", _keys("groups")),
        ("resource-policies", _keys("resource_policies")),
        ("destinations", _keys("destinations")),
        ("query-definitions", _kept("query_definitions")),
    ],
    "events": [
        ("buses", _keys("event_buses", "default")),
        ("rules", _rules),
        ("archives", _keys("archives")),
        ("connections", _keys("connections")),
        ("api-destinations", _keys("destinations")),
    ],
    "glue": [
        ("databases", _keys("databases")),
        ("tables", _glue_tables),
        ("crawlers", _keys("crawlers")),
        ("jobs", _keys("jobs")),
        ("triggers", _keys("triggers")),
        ("workflows", _keys("workflows")),
        ("connections", _keys("connections")),
        ("security-configurations", _keys("security_configurations")),
        ("registries", _keys("registries")),
        ("dev-endpoints", _keys("dev_endpoints")),
        ("encryption-settings", _glue_encryption),
        ("resource-policies", _keys("resource_policies")),
    ],
    "lakeformation": [
        ("resources", _keys("resources")),
        ("grants", _lake_grants),
        ("tags", _lake_tags),
        ("tag-expressions", _lake_expressions),
        ("data-cells-filters", lambda backend: ["/".join(key) for key in filters(backend)]),
        ("settings", _lake_settings),
    ],
    "athena": [
        ("workgroups", _keys("work_groups", "primary")),
        ("named-queries", _names("named_queries")),
        ("data-catalogs", _keys("data_catalogs")),
        ("prepared-statements", _keys("prepared_statements")),
        ("capacity-reservations", _keys("capacity_reservations")),
    ],
    "sns": [("topics", _keys("topics")), ("subscriptions", _keys("subscriptions"))],
    "sqs": [("queues", _keys("queues"))],
    "scheduler": [("schedule-groups", _keys("schedule_groups", "default")), ("schedules", _schedules)],
    "s3control": [("public-access-blocks", _public_access_blocks)],
    "cloudformation": [("stacks", _names("stacks"))],
    "cloudwatch": [
        ("alarms", _keys("alarms")),
        ("dashboards", _keys("dashboards")),
        ("insight-rules", _keys("insight_rules")),
    ],
    "cloudtrail": [("trails", _keys("trails"))],
    "redshift": [
        ("clusters", _keys("clusters")),
        ("subnet-groups", _keys("subnet_groups")),
        ("parameter-groups", _keys("parameter_groups", "default.redshift-1.0")),
        ("security-groups", _keys("security_groups", "Default")),
        ("snapshots", _keys("snapshots")),
        ("snapshot-copy-grants", _keys("snapshot_copy_grants")),
        ("snapshot-schedules", _redshift("snapshotschedule")),
        ("scheduled-actions", _redshift("scheduledaction")),
        ("usage-limits", _redshift("usagelimit")),
    ],
    "quicksight": [
        *((attribute, _keys(attribute)) for attribute in ("dashboards", "groups", "users")),
        ("data-sources", _assets("DataSource")),
        ("data-sets", _assets("DataSet")),
        ("vpc-connections", _assets("VPCConnection")),
        ("refresh-schedules", _kept("refresh_schedules")),
    ],
    "budgets": [("budgets", _budgets)],
    "ce": [
        ("cost-categories", _keys("cost_categories")),
        ("anomaly-monitors", _kept("anomaly_monitors")),
        ("anomaly-subscriptions", _kept("anomaly_subscriptions")),
        ("cost-allocation-tags", _active_tags),
    ],
    "secretsmanager": [("secrets", _live_secrets)],
    "ec2": [
        ("vpcs", _vpcs),
        ("subnets", _subnets),
        ("security-groups", _security_groups),
        ("route-tables", _route_tables),
        ("network-acls", _network_acls),
        *((store.replace("_", "-"), _not_deleted(store)) for store in _EC2_STORES),
    ],
}
