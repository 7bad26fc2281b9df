"""What a stack tells people and other programs once it is up."""

from collections.abc import Mapping
from typing import Any

from components.encryption_keys import EncryptionKeys
from components.names import Names, Store
from components.observability import Observability
from components.query_workgroups import QueryWorkgroups
from components.redshift_warehouse import RedshiftWarehouse
from components.settings import Settings
from etl.catalog import Zone


def outputs(
    settings: Settings,
    names: Names,
    *,
    keys: EncryptionKeys,
    queries: QueryWorkgroups,
    observability: Observability,
    warehouse: RedshiftWarehouse,
) -> Mapping[str, Any]:
    """Return the stack's outputs by name: where data is and is asked for, who is told, how it comes back."""
    recovery = settings.disaster_recovery
    return {
        "lake_uri": names.uri(Store.DATA),
        "results_uri": names.uri(Store.RESULTS),
        "databases": {zone.value: names.database(zone) for zone in Zone},
        "workflow": names.workflow,
        "workgroups": queries.workgroups,
        "key_arns": {purpose.value: keys.arn(purpose) for purpose in keys.purposes},
        "alert_topic": names.alert_topic_arn,
        "dashboards": observability.dashboards,
        "warehouse": {"cluster": names.cluster, "endpoint": warehouse.cluster.endpoint},
        "recovery": {
            "region": settings.replica_region,
            "lake_uri": names.replica.uri(Store.DATA),
            "catalog_backups_uri": names.replica.uri(Store.ARTIFACTS, names.catalog_backup_prefix),
            "rpo_hours": recovery.rpo_hours,
            "rto_hours": recovery.rto_hours,
        },
    }
