"""The groups of settings about running a stack: audit, alerts, costs, business intelligence."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from components import rules
from components.schema import Problem, Setting, settings_of

_USD = rules.at_least(1, "US dollars")


@dataclass(frozen=True, kw_only=True)
class Audit:
    """How long the trail of API calls is kept, and what it watches for."""

    trail_days: Annotated[
        int, Setting("Days the trail's files are kept", rules.between(90, 3650, "days"))
    ] = 730
    log_days: Annotated[
        int,
        Setting("Days the trail can be searched in CloudWatch", rules.one_of(rules.LOG_RETENTION_DAYS)),
    ] = 90
    denied_calls: Annotated[
        int,
        Setting("Refused calls in five minutes that raise an alert", rules.between(1, 10_000, "calls")),
    ] = 5
    insights: Annotated[bool, Setting("Whether AWS looks for unusual rates of calls and errors")] = True


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Who hears of trouble, and when a run counts as trouble."""

    emails: Annotated[tuple[str, ...], Setting("Addresses that get every alert", rules.EMAIL)]
    stale_after_hours: Annotated[
        int,
        Setting("Hours without a successful run until data counts as stale", rules.between(1, 168, "hours")),
    ] = 26
    latency_minutes: Annotated[
        int, Setting("Minutes a dataset's run may take", rules.between(1, 2880, "minutes"))
    ] = 45
    reject_ratio: Annotated[
        float, Setting("Share of a run's rows that may be rejected, 0 to 1", rules.SHARE)
    ] = 0.05
    error_rate: Annotated[float, Setting("Share of a day's runs that may fail, 0 to 1", rules.SHARE)] = 0.1
    volume_band: Annotated[
        int,
        Setting(
            "Standard deviations from the usual volume that raise an alert",
            rules.between(1, 10, "deviations"),
        ),
    ] = 3

    def conflicts(self) -> Iterator[Problem]:
        """Check that somebody hears the alerts."""
        if not self.emails:
            yield Problem("alerts.emails", json.dumps(self.emails), "1 address or more")


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """What each component may cost a month, in US dollars; components are what the tag `component` says."""

    storage: Annotated[int, Setting("Buckets and their requests", _USD)] = 150
    encryption_keys: Annotated[int, Setting("Keys and their requests", _USD, name="encryption-keys")] = 20
    governance: Annotated[int, Setting("Catalog and Lake Formation", _USD)] = 10
    pipeline: Annotated[int, Setting("Glue jobs and crawlers", _USD)] = 300
    query: Annotated[int, Setting("Athena", _USD)] = 150
    network: Annotated[int, Setting("Endpoints and flow logs", _USD)] = 200
    warehouse: Annotated[int, Setting("Redshift", _USD)] = 1500
    disaster_recovery: Annotated[
        int, Setting("Replica, copied snapshots and catalog backups", _USD, name="disaster-recovery")
    ] = 150
    audit: Annotated[int, Setting("Trail, its files and its searches", _USD)] = 60
    observability: Annotated[int, Setting("Alarms, dashboards, metrics and alerts", _USD)] = 40
    business_intelligence: Annotated[int, Setting("QuickSight", _USD, name="business-intelligence")] = 100
    cost_guard: Annotated[int, Setting("Budgets and anomaly monitors", _USD, name="cost-guard")] = 5

    def by_component(self) -> dict[str, int]:
        """Return the monthly budgets by component."""
        return {declared.key: getattr(self, declared.field) for declared in settings_of(type(self))}


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What may be spent, and how cost reports are split."""

    monthly: Annotated[Budgets, Setting("Monthly budget of each component, in US dollars")] = Budgets()
    alert_percents: Annotated[
        tuple[str, ...],
        Setting("Percents of a budget that raise an alert when spent", rules.PERCENT),
    ] = ("80", "100")
    anomaly_usd: Annotated[
        int, Setting("Unusual spending that raises an alert", rules.at_least(1, "US dollars"))
    ] = 50
    cost_tags_seen: Annotated[
        bool,
        Setting(
            "Whether Billing has seen the tags, a day after the first deployment: then they are activated"
        ),
    ] = False
    daily_scan_bytes: Annotated[
        int,
        Setting(
            "Bytes a workgroup may scan in a day until an alert is raised",
            rules.at_least(10_000_000, "bytes"),
        ),
    ] = 1_099_511_627_776
    reservation_percent: Annotated[
        int,
        Setting(
            "Share of Redshift's hours that reserved nodes should cover, and of reserved hours that should be"
            " used; 0 while none are bought",
            rules.between(0, 100, "percent"),
        ),
    ] = 0

    def conflicts(self) -> Iterator[Problem]:
        """Check AWS's limit of five notifications a budget; one of them is the forecast's."""
        if not 1 <= len(self.alert_percents) <= 4:
            yield Problem("costs.alert_percents", json.dumps(self.alert_percents), "1 to 4 percentages")


@dataclass(frozen=True, kw_only=True)
class BusinessIntelligence:
    """Dashboards on QuickSight."""

    enabled: Annotated[
        bool,
        Setting(
            "Whether the account is subscribed to QuickSight Enterprise, with its users in this region, and"
            " gets the dashboards"
        ),
    ] = False
    refresh_at: Annotated[
        str, Setting("Time of day, UTC, at which data sets are refreshed", rules.TIME_OF_DAY)
    ] = "06:00"
    warehouse_secret_arn: Annotated[
        str,
        Setting(
            "Secret with username and password of the warehouse's read-only user, among those QuickSight may"
            " read (its security settings list them); set while enabled",
            rules.SECRET_ARN,
        ),
    ] = ""

    def conflicts(self) -> Iterator[Problem]:
        """Check that dashboards on the warehouse have a user to read it as."""
        if self.enabled and not self.warehouse_secret_arn:
            yield Problem("business_intelligence.warehouse_secret_arn", "", "set while enabled is true")
