"""Costs: a budget for each component, tags that split the bill, unusual spending, and reserved capacity."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import budgets, costexplorer

from components.alert_topic import AlertTopic
from components.names import Names
from components.settings import PROJECT, Settings
from components.tagging import tags

COST_TAGS = ("project", "environment", "component", "owner", "cost-center")
"""The tags that cost reports and budgets split by: AWS ignores the others until they are activated too."""

# Every member, as the provider writes what it reads: one that were left out would look like a change, and a
# monitor cannot be changed, so each deployment would make it anew.
_PROJECT_ONLY = {
    "And": None,
    "CostCategories": None,
    "Dimensions": None,
    "Not": None,
    "Or": None,
    "Tags": {"Key": "project", "MatchOptions": None, "Values": [PROJECT]},
}


@dataclass(frozen=True)
class CostGuardArgs:
    """Whose costs, and the topic that hears of them."""

    settings: Settings
    names: Names
    topic: AlertTopic


class CostGuard(ComponentResource):
    """Monthly budgets by component and in all, cost allocation tags, an anomaly monitor, reservation targets.

    Budgets filter by the tags of `tagging.tags`: they see nothing until the tags are activated, which only
    the payer's account can do, a day after they first appear on the bill (`costs.cost_tags_seen`).
    https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html
    """

    def __init__(self, name: str, args: CostGuardArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:cost:CostGuard", name, None, opts)
        self._name, self._args, self._tags = name, args, tags(args.settings, "cost-guard")
        costs = args.settings.costs
        activated = self._allocation_tags()
        limits = costs.monthly.by_component()
        for component, limit in limits.items():
            self._budget(component, limit, activated)
        self._budget(None, sum(limits.values()), activated)
        if costs.reservation_percent:
            self._reservation("coverage", "RI_COVERAGE")
            self._reservation("utilization", "RI_UTILIZATION")
        if args.settings.owns_account_settings:
            self._anomalies(costs.anomaly_usd)
        self.register_outputs({"budgets": [args.names.alarm(component) for component in limits]})

    def _allocation_tags(self) -> list[pulumi.Resource]:
        """Activate the tags, once for the account and once Billing has seen them."""
        settings = self._args.settings
        if not (settings.owns_account_settings and settings.costs.cost_tags_seen):
            return []
        return [
            costexplorer.CostAllocationTag(
                f"{self._name}-{key}-tag", tag_key=key, status="Active", opts=ResourceOptions(parent=self)
            )
            for key in COST_TAGS
        ]

    def _budget(self, component: str | None, limit: int, after: Sequence[pulumi.Resource]) -> None:
        names, costs = self._args.names, self._args.settings.costs
        wanted = {"project": PROJECT, "environment": names.stack}
        if component is not None:
            wanted["component"] = component
        percents = [("ACTUAL", percent) for percent in costs.alert_percents] + [("FORECASTED", "100")]
        budgets.Budget(
            f"{self._name}-{component or 'total'}-budget",
            name=names.alarm(component or "total"),
            account_id=names.account,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(limit),
            limit_unit="USD",
            filter_expression=budgets.BudgetFilterExpressionArgs(
                ands=[
                    budgets.BudgetFilterExpressionAndArgs(
                        tags=budgets.BudgetFilterExpressionAndTagsArgs(key=key, values=[value])
                    )
                    for key, value in wanted.items()
                ]
            ),
            metrics="UnblendedCost",
            notifications=[
                self._notification("GREATER_THAN", kind, int(percent)) for kind, percent in percents
            ],
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[*self._args.topic.ready, *after]),
        )

    def _reservation(self, subject: str, kind: str) -> None:
        """Watch how much of Redshift reserved nodes cover, or how much of them is used.

        A budget of this kind takes no other cost types than these.
        """
        names, target = self._args.names, self._args.settings.costs.reservation_percent
        budgets.Budget(
            f"{self._name}-redshift-{subject}-budget",
            name=names.alarm(f"redshift-reservation-{subject}"),
            account_id=names.account,
            budget_type=kind,
            time_unit="MONTHLY",
            limit_amount="100.0",
            limit_unit="PERCENTAGE",
            cost_filters=[budgets.BudgetCostFilterArgs(name="Service", values=["Amazon Redshift"])],
            cost_types=budgets.BudgetCostTypesArgs(
                include_credit=False,
                include_discount=False,
                include_other_subscription=False,
                include_recurring=False,
                include_refund=False,
                include_subscription=True,
                include_support=False,
                include_tax=False,
                include_upfront=False,
                use_amortized=False,
                use_blended=False,
            ),
            notifications=[self._notification("LESS_THAN", "ACTUAL", target)],
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=self._args.topic.ready),
        )

    def _notification(self, comparison: str, kind: str, percent: int) -> budgets.BudgetNotificationArgs:
        return budgets.BudgetNotificationArgs(
            comparison_operator=comparison,
            notification_type=kind,
            threshold=percent,
            threshold_type="PERCENTAGE",
            subscriber_sns_topic_arns=[self._args.names.alert_topic_arn],
        )

    def _anomalies(self, dollars: int) -> None:
        """Watch the project's spending for what is unusual; a topic is told at once or not at all."""
        names = self._args.names
        monitor = costexplorer.AnomalyMonitor(
            f"{self._name}-anomaly-monitor",
            name=names.prefix,
            monitor_type="CUSTOM",
            monitor_specification=json.dumps(_PROJECT_ONLY),
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        costexplorer.AnomalySubscription(
            f"{self._name}-anomaly-subscription",
            name=names.prefix,
            account_id=names.account,
            frequency="IMMEDIATE",
            monitor_arn_lists=[monitor.arn],
            subscribers=[
                costexplorer.AnomalySubscriptionSubscriberArgs(type="SNS", address=names.alert_topic_arn)
            ],
            threshold_expression=costexplorer.AnomalySubscriptionThresholdExpressionArgs(
                dimension=costexplorer.AnomalySubscriptionThresholdExpressionDimensionArgs(
                    key="ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    match_options=["GREATER_THAN_OR_EQUAL"],
                    values=[str(dollars)],
                )
            ),
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=self._args.topic.ready),
        )
