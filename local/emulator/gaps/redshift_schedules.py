"""Amazon Redshift: snapshot schedules, scheduled actions and usage limits."""

from __future__ import annotations

import re
import uuid
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.redshift.exceptions import (
    ClusterNotFoundError,
    InvalidParameterCombinationError,
    RedshiftClientError,
)
from moto.redshift.models import Cluster, RedshiftBackend, TaggableResourceMixin
from moto.redshift.responses import RedshiftResponse

from local.emulator.gaps.extend import add

_SNAPSHOTS = re.compile(r"(rate\([1-9]\d* hours?\)|cron\(.+\))")
_ACTIONS = re.compile(r"(at\(\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?\)|cron\(.+\))")
# What a limit on a feature counts.
_LIMITS = {
    "spectrum": ("data-scanned",),
    "concurrency-scaling": ("time",),
    "cross-region-datasharing": ("data-scanned",),
    "extra-compute-for-automatic-optimization": ("time",),
}


class Entry(TaggableResourceMixin):
    """One schedule or limit: what AWS tells of it, and its tags."""

    def __init__(self, backend: RedshiftBackend, kind: str, name: str, tags: list[dict[str, str]]) -> None:
        super().__init__(backend.account_id, backend.region_name, tags)
        self.resource_type, self.name = kind, name
        self.content: dict[str, Any] = {}

    @property
    def resource_id(self) -> str:
        """The last part of the ARN."""
        return self.name

    def told(self) -> dict[str, Any]:
        """Returns the entry as AWS answers it."""
        return {**self.content, "Tags": self.tags}


def entries(backend: RedshiftBackend, kind: str) -> dict[str, Any]:
    """Returns the `snapshotschedule`, `usagelimit` or `scheduledaction` entries by name."""
    return backend.RESOURCE_TYPE_MAP.setdefault(kind, {})


def forget(backend: RedshiftBackend, cluster: str) -> None:
    """Removes what ends with a cluster."""
    limits = entries(backend, "usagelimit")
    for name in [name for name, each in limits.items() if each.content["ClusterIdentifier"] == cluster]:
        del limits[name]


def _made(self: Any, kind: str, name: str, taken: str) -> Entry:
    store = entries(self.redshift_backend, kind)
    if name in store:
        raise RedshiftClientError(taken, f"{name} already exists.")
    entry = Entry(self.redshift_backend, kind, name, self._get_param("Tags", []))
    store[name] = entry
    return entry


def _found(self: Any, kind: str, name: str, missing: str) -> Entry:
    entry = entries(self.redshift_backend, kind).get(name)
    if entry is None:
        raise RedshiftClientError(missing, f"{name} does not exist.")
    return entry  # type: ignore[no-any-return]


def _given(self: Any, *members: str) -> dict[str, Any]:
    values = {member: self._get_param(member) for member in members}
    return {member: value for member, value in values.items() if value is not None}


def _checked(schedule: str, form: re.Pattern[str]) -> str:
    if not form.fullmatch(schedule or ""):
        raise RedshiftClientError("InvalidSchedule", f"The schedule {schedule} is not valid.")
    return schedule


def _demand_cluster(self: Any, identifier: str) -> Cluster:
    if identifier not in self.redshift_backend.clusters:
        raise ClusterNotFoundError(identifier)
    cluster: Cluster = self.redshift_backend.clusters[identifier]
    return cluster


def create_snapshot_schedule(self: Any) -> ActionResult:
    """Makes a schedule of snapshots."""
    definitions = [_checked(each, _SNAPSHOTS) for each in self._get_param("ScheduleDefinitions", [])]
    name = self._get_param("ScheduleIdentifier") or str(uuid.uuid4())
    entry = _made(self, "snapshotschedule", name, "SnapshotScheduleAlreadyExists")
    entry.content = {
        "ScheduleIdentifier": name,
        "ScheduleDefinitions": definitions,
        **_given(self, "ScheduleDescription"),
    }
    return ActionResult(_schedule(self, entry))


def describe_snapshot_schedules(self: Any) -> ActionResult:
    """Lists schedules: all, the one named, those of a cluster."""
    name, cluster = self._get_param("ScheduleIdentifier"), self._get_param("ClusterIdentifier")
    listed = [_schedule(self, each) for each in entries(self.redshift_backend, "snapshotschedule").values()]
    if name:
        listed = [each for each in listed if each["ScheduleIdentifier"] == name]
    if cluster:
        listed = [
            each
            for each in listed
            if any(other["ClusterIdentifier"] == cluster for other in each["AssociatedClusters"])
        ]
    return ActionResult({"SnapshotSchedules": listed})


def modify_snapshot_schedule(self: Any) -> ActionResult:
    """Replaces a schedule's definitions."""
    name = self._get_param("ScheduleIdentifier")
    entry = _found(self, "snapshotschedule", name, "SnapshotScheduleNotFound")
    definitions = [_checked(each, _SNAPSHOTS) for each in self._get_param("ScheduleDefinitions", [])]
    entry.content["ScheduleDefinitions"] = definitions
    return ActionResult(_schedule(self, entry))


def delete_snapshot_schedule(self: Any) -> EmptyResult:
    """Removes a schedule that no cluster follows."""
    name = self._get_param("ScheduleIdentifier")
    entry = _found(self, "snapshotschedule", name, "SnapshotScheduleNotFound")
    if _schedule(self, entry)["AssociatedClusters"]:
        raise RedshiftClientError(
            "InvalidClusterSnapshotScheduleState", f"Schedule {name} is associated with clusters."
        )
    del entries(self.redshift_backend, "snapshotschedule")[name]
    return EmptyResult()


def modify_cluster_snapshot_schedule(self: Any) -> EmptyResult:
    """Makes a cluster follow a schedule, or none."""
    cluster: Any = _demand_cluster(self, self._get_param("ClusterIdentifier"))
    if self._get_bool_param("DisassociateSchedule"):
        cluster.snapshot_schedule_identifier = None
        return EmptyResult()
    name = self._get_param("ScheduleIdentifier")
    _found(self, "snapshotschedule", name, "SnapshotScheduleNotFound")
    cluster.snapshot_schedule_identifier = name
    cluster.snapshot_schedule_state = "ACTIVE"
    return EmptyResult()


def _schedule(self: Any, entry: Entry) -> dict[str, Any]:
    clusters = self.redshift_backend.clusters.values()
    following = [
        each for each in clusters if getattr(each, "snapshot_schedule_identifier", None) == entry.name
    ]
    associated = [
        {"ClusterIdentifier": each.cluster_identifier, "ScheduleAssociationState": "ACTIVE"}
        for each in following
    ]
    return {**entry.told(), "AssociatedClusterCount": len(associated), "AssociatedClusters": associated}


def create_scheduled_action(self: Any) -> ActionResult:
    """Makes a schedule of one action on a cluster."""
    name = self._get_param("ScheduledActionName")
    action = _action(self)
    entry = _made(self, "scheduledaction", name, "ScheduledActionAlreadyExists")
    enabled = self._get_param("Enable") is None or self._get_bool_param("Enable")
    entry.content = {"ScheduledActionName": name, "State": "ACTIVE" if enabled else "DISABLED", **action}
    return ActionResult(entry.content)


def _action(self: Any) -> dict[str, Any]:
    given = _given(
        self, "TargetAction", "Schedule", "IamRole", "ScheduledActionDescription", "StartTime", "EndTime"
    )
    if "Schedule" in given:
        _checked(given["Schedule"], _ACTIONS)
    if len(given.get("TargetAction", {"one": None})) != 1:
        raise InvalidParameterCombinationError("Exactly one target action must be given.")
    return given


def describe_scheduled_actions(self: Any) -> ActionResult:
    """Lists scheduled actions: all, or the one named."""
    store, name = entries(self.redshift_backend, "scheduledaction"), self._get_param("ScheduledActionName")
    if name and name not in store:
        raise RedshiftClientError("ScheduledActionNotFound", f"{name} does not exist.")
    listed = [store[name]] if name else list(store.values())
    return ActionResult({"ScheduledActions": [each.content for each in listed]})


def modify_scheduled_action(self: Any) -> ActionResult:
    """Changes what is given of a scheduled action."""
    name = self._get_param("ScheduledActionName")
    entry = _found(self, "scheduledaction", name, "ScheduledActionNotFound")
    entry.content |= _action(self)
    if self._get_param("Enable") is not None:
        entry.content["State"] = "ACTIVE" if self._get_bool_param("Enable") else "DISABLED"
    return ActionResult(entry.content)


def delete_scheduled_action(self: Any) -> EmptyResult:
    """Removes a scheduled action."""
    name = self._get_param("ScheduledActionName")
    _found(self, "scheduledaction", name, "ScheduledActionNotFound")
    del entries(self.redshift_backend, "scheduledaction")[name]
    return EmptyResult()


def create_usage_limit(self: Any) -> ActionResult:
    """Limits what a feature of a cluster may use in a period."""
    given = _given(self, "ClusterIdentifier", "FeatureType", "LimitType", "Period", "BreachAction")
    _demand_cluster(self, given["ClusterIdentifier"])
    if given["LimitType"] not in _LIMITS.get(given["FeatureType"], ()):
        raise InvalidParameterCombinationError(
            f"The limit type {given['LimitType']} does not go with the feature {given['FeatureType']}."
        )
    identifier = str(uuid.uuid4())
    entry = _made(self, "usagelimit", identifier, "UsageLimitAlreadyExists")
    entry.content = {
        "UsageLimitId": identifier,
        "Amount": self._get_int_param("Amount"),
        "Period": "monthly",
        "BreachAction": "log",
        **given,
    }
    return ActionResult(entry.told())


def describe_usage_limits(self: Any) -> ActionResult:
    """Lists limits: all, the one named, those of a cluster."""
    store, identifier = entries(self.redshift_backend, "usagelimit"), self._get_param("UsageLimitId")
    if identifier and identifier not in store:
        raise RedshiftClientError("UsageLimitNotFound", f"Usage limit {identifier} does not exist.")
    listed = [store[identifier]] if identifier else list(store.values())
    cluster = self._get_param("ClusterIdentifier")
    told = [each.told() for each in listed if cluster in (None, each.content["ClusterIdentifier"])]
    return ActionResult({"UsageLimits": told})


def modify_usage_limit(self: Any) -> ActionResult:
    """Changes a limit's amount and what happens beyond it."""
    identifier = self._get_param("UsageLimitId")
    entry = _found(self, "usagelimit", identifier, "UsageLimitNotFound")
    if self._get_param("Amount") is not None:
        entry.content["Amount"] = self._get_int_param("Amount")
    entry.content |= _given(self, "BreachAction")
    return ActionResult(entry.told())


def delete_usage_limit(self: Any) -> EmptyResult:
    """Removes a limit."""
    identifier = self._get_param("UsageLimitId")
    _found(self, "usagelimit", identifier, "UsageLimitNotFound")
    del entries(self.redshift_backend, "usagelimit")[identifier]
    return EmptyResult()


def install() -> None:
    """Extends moto's Redshift."""
    add(RedshiftResponse, create_snapshot_schedule, describe_snapshot_schedules)
    add(RedshiftResponse, modify_snapshot_schedule, delete_snapshot_schedule)
    add(RedshiftResponse, modify_cluster_snapshot_schedule)
    add(RedshiftResponse, create_scheduled_action, describe_scheduled_actions)
    add(RedshiftResponse, modify_scheduled_action, delete_scheduled_action)
    add(RedshiftResponse, create_usage_limit, describe_usage_limits)
    add(RedshiftResponse, modify_usage_limit, delete_usage_limit)
