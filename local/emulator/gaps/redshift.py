"""Amazon Redshift clusters and groups: managed passwords, zones, roles, parameters, subnets, copies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.moto_api._internal import mock_random
from moto.redshift.exceptions import ClusterNotFoundError, InvalidParameterCombinationError
from moto.redshift.models import RedshiftBackend
from moto.redshift.responses import RedshiftResponse
from moto.secretsmanager.models import secretsmanager_backends

from local.emulator.gaps import redshift_schedules
from local.emulator.gaps.extend import add, replace

ON_CREATION: list[Callable[[], None]] = []
"""Told when a cluster is made."""

ON_DELETION: list[Callable[[str], None]] = []
"""Told the identifier of a cluster that is gone."""

_SETTINGS = {
    "ManualSnapshotRetentionPeriod": ("manual_snapshot_retention_period", int),
    "MaintenanceTrackName": ("maintenance_track_name", str),
    "DefaultIamRoleArn": ("default_iam_role_arn", str),
    "KmsKeyId": ("kms_key_id", str),
}
_SWITCHES = {
    "MultiAZ": ("multi_az", "Enabled", "Disabled"),
    "AvailabilityZoneRelocation": ("availability_zone_relocation_status", "enabled", "disabled"),
}


def cluster_of(backend: RedshiftBackend, identifier: str) -> Any:
    """Returns a cluster by its identifier, or Redshift's refusal."""
    if identifier not in backend.clusters:
        raise ClusterNotFoundError(identifier)
    return backend.clusters[identifier]


def _settle(self: Any, cluster: Any) -> None:
    """Keeps the settings of a request that moto does not know."""
    for member, (attribute, kind) in _SETTINGS.items():
        if self._get_param(member) is not None:
            setattr(cluster, attribute, kind(self._get_param(member)))
    for member, (attribute, on, off) in _SWITCHES.items():
        if self._get_param(member) is not None:
            setattr(cluster, attribute, on if self._get_bool_param(member) else off)
    if self._get_param("ManageMasterPassword") is not None:
        managed = self._get_bool_param("ManageMasterPassword")
        _manage_password(self, cluster) if managed else _forget_password(cluster)


def _manage_password(self: Any, cluster: Any) -> None:
    """Puts the administrator's password into a secret of the account, as Redshift does."""
    if self._get_param("MasterUserPassword"):
        raise InvalidParameterCombinationError(
            "You can't specify MasterUserPassword when ManageMasterPassword is true."
        )
    if getattr(cluster, "master_password_secret_arn", None):
        return
    login = {"username": cluster.master_username, "password": mock_random.get_random_hex(32)}
    secrets = secretsmanager_backends[cluster.account_id][cluster.region]
    key = self._get_param("MasterPasswordSecretKmsKeyId")
    made = secrets.create_secret(
        name=f"redshift!{cluster.cluster_identifier}-{cluster.master_username}",
        secret_string=json.dumps(login),
        secret_binary=None,
        description=f"Secret associated with the cluster {cluster.arn}",
        tags=[{"Key": "aws:redshift:primaryClusterArn", "Value": cluster.arn}],
        kms_key_id=key,
        client_request_token=None,
        replica_regions=[],
        force_overwrite=False,
    )
    cluster.master_password_secret_arn = json.loads(made)["ARN"]
    cluster.master_password_secret_kms_key_id = key


def _forget_password(cluster: Any) -> None:
    arn = getattr(cluster, "master_password_secret_arn", None)
    if arn:
        cluster.master_password_secret_arn = None
        secrets = secretsmanager_backends[cluster.account_id][cluster.region]
        secrets.delete_secret(arn, recovery_window_in_days=None, force_delete_without_recovery=True)


def modify_cluster_iam_roles(self: Any) -> ActionResult:
    """Adds and removes roles of a cluster and names the default one."""
    cluster = cluster_of(self.redshift_backend, self._get_param("ClusterIdentifier"))
    gone = self._get_param("RemoveIamRoles", [])
    new = [role for role in self._get_param("AddIamRoles", []) if role not in cluster.iam_roles_arn]
    cluster.iam_roles_arn = [role for role in cluster.iam_roles_arn if role not in gone] + new
    if self._get_param("DefaultIamRoleArn") is not None:
        cluster.default_iam_role_arn = self._get_param("DefaultIamRoleArn")
    return ActionResult({"Cluster": cluster})


def modify_cluster_subnet_group(self: Any) -> ActionResult:
    """Changes the subnets and the description of a group."""
    name = self._get_param("ClusterSubnetGroupName")
    (group,) = self.redshift_backend.describe_cluster_subnet_groups(name)
    group.subnet_ids = self._get_param("SubnetIds", [])
    if self._get_param("Description") is not None:
        group.description = self._get_param("Description")
    return ActionResult({"ClusterSubnetGroup": group})


def _parameters(group: Any) -> dict[str, str]:
    return group.__dict__.setdefault("given_parameters", {})  # type: ignore[no-any-return]


def modify_cluster_parameter_group(self: Any) -> ActionResult:
    """Sets parameters of a group."""
    name = self._get_param("ParameterGroupName")
    (group,) = self.redshift_backend.describe_cluster_parameter_groups(name)
    given = self._get_param("Parameters", [])
    _parameters(group).update({each["ParameterName"]: each["ParameterValue"] for each in given})
    return _changed(name)


def reset_cluster_parameter_group(self: Any) -> ActionResult:
    """Gives all parameters of a group, or those named, their default again."""
    name = self._get_param("ParameterGroupName")
    (group,) = self.redshift_backend.describe_cluster_parameter_groups(name)
    given = _parameters(group)
    whole = self._get_bool_param("ResetAllParameters")
    named = list(given) if whole else [each["ParameterName"] for each in self._get_param("Parameters", [])]
    for parameter in named:
        given.pop(parameter, None)
    return _changed(name)


def _changed(name: str) -> ActionResult:
    return ActionResult(
        {"ParameterGroupName": name, "ParameterGroupStatus": "Your parameter group has been updated."}
    )


def describe_cluster_parameters(self: Any) -> ActionResult:
    """Lists the parameters of a group: those that were set, the defaults, or both."""
    name, source = self._get_param("ParameterGroupName"), self._get_param("Source")
    backend = self.redshift_backend
    (group,) = backend.describe_cluster_parameter_groups(name)
    given = _parameters(group)
    defaults = backend.describe_default_cluster_parameters()
    kinds = {each["ParameterName"]: each for each in defaults}
    own = [
        {**kinds.get(key, {"IsModifiable": "true"}), "ParameterName": key, "ParameterValue": value}
        | {"Source": "user"}
        for key, value in given.items()
    ]
    others = [each for each in defaults if each["ParameterName"] not in given]
    listed = {"user": own, "engine-default": others}.get(source, [*own, *others])
    return ActionResult({"Parameters": listed})


def _clusters() -> None:
    def create_cluster(self: Any) -> Any:
        answer = create(self)
        cluster = cluster_of(self.redshift_backend, self._get_param("ClusterIdentifier"))
        cluster.manual_snapshot_retention_period = -1
        cluster.maintenance_track_name = "current"
        cluster.multi_az = "Disabled"
        cluster.availability_zone_relocation_status = "disabled"
        cluster.cluster_namespace_arn = cluster.arn.replace(":cluster:", ":namespace:")
        _settle(self, cluster)
        for prepare in ON_CREATION:
            prepare()
        return answer

    def modify_cluster(self: Any) -> Any:
        cluster = cluster_of(self.redshift_backend, self._get_param("ClusterIdentifier"))
        answer = modify(self)
        _settle(self, cluster)
        if self._get_param("ClusterParameterGroupName"):
            cluster.cluster_parameter_group_name = [self._get_param("ClusterParameterGroupName")]
        for member in ("PubliclyAccessible", "Encrypted", "EnhancedVpcRouting"):
            if self._get_param(member) is not None:
                name = {"EnhancedVpcRouting": "enhanced_vpc_routing"}.get(member)
                name = name or {"PubliclyAccessible": "publicly_accessible"}.get(member, "encrypted")
                setattr(cluster, name, self._get_bool_param(member))
        if self._get_param("ClusterType") == "single-node":
            cluster.number_of_nodes = 1
        return answer

    def delete_cluster(self: Any, **options: Any) -> Any:
        """Removes with a cluster what Redshift keeps for it: its secret, limits and place in schedules."""
        cluster = delete(self, **options)
        _forget_password(cluster)
        redshift_schedules.forget(self, cluster.cluster_identifier)
        for forget in ON_DELETION:
            forget(cluster.cluster_identifier)
        return cluster

    create = replace(RedshiftResponse, "create_cluster", create_cluster)
    modify = replace(RedshiftResponse, "modify_cluster", modify_cluster)
    delete = replace(RedshiftBackend, "delete_cluster", delete_cluster)
    add(RedshiftResponse, modify_cluster_iam_roles)


def _copies() -> None:
    def enable_snapshot_copy(self: Any) -> Any:
        answer = enable(self)
        status = cluster_of(
            self.redshift_backend, self._get_param("ClusterIdentifier")
        ).cluster_snapshot_copy_status
        status["RetentionPeriod"] = int(status["RetentionPeriod"])
        status["ManualSnapshotRetentionPeriod"] = self._get_int_param("ManualSnapshotRetentionPeriod", -1)
        return answer

    def modify_snapshot_copy_retention_period(self: Any) -> ActionResult:
        """Sets how many days automated copies are kept, or manual ones."""
        cluster = cluster_of(self.redshift_backend, self._get_param("ClusterIdentifier"))
        manual = self._get_bool_param("Manual")
        held = dict(cluster.cluster_snapshot_copy_status or {})
        keep(self)
        if manual:
            cluster.cluster_snapshot_copy_status = held
        days = self._get_int_param("RetentionPeriod")
        member = "ManualSnapshotRetentionPeriod" if manual else "RetentionPeriod"
        cluster.cluster_snapshot_copy_status[member] = days
        return ActionResult({"Cluster": cluster})

    def create_snapshot_copy_grant(self: Any) -> Any:
        """Keeps the tags of a grant, and gives it the ARN by which they are changed."""
        answer = grant(self)
        backend = self.redshift_backend
        made: Any = backend.snapshot_copy_grants[self._get_param("SnapshotCopyGrantName")]
        made.account_id, made.region = backend.account_id, backend.region_name
        made.tags = self._get_param("Tags", [])
        made.kms_key_id = made.kms_key_id or "alias/aws/redshift"
        backend.RESOURCE_TYPE_MAP["snapshotcopygrant"] = backend.snapshot_copy_grants
        return answer

    enable = replace(RedshiftResponse, "enable_snapshot_copy", enable_snapshot_copy)
    keep = replace(
        RedshiftResponse, "modify_snapshot_copy_retention_period", modify_snapshot_copy_retention_period
    )
    grant = replace(RedshiftResponse, "create_snapshot_copy_grant", create_snapshot_copy_grant)


def install() -> None:
    """Extends moto's Redshift."""
    _clusters()
    _copies()
    add(RedshiftResponse, modify_cluster_subnet_group, modify_cluster_parameter_group)
    add(RedshiftResponse, reset_cluster_parameter_group)
    replace(RedshiftResponse, "describe_cluster_parameters", describe_cluster_parameters)
    redshift_schedules.install()
