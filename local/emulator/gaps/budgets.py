"""AWS Budgets: changes, subscribers and tags."""

from __future__ import annotations

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Budget, BudgetsBackend
from moto.budgets.responses import BudgetsResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time, utcnow
from moto.utilities.tagging_service import TaggingService

from local.emulator.gaps.extend import add, replace

# What AWS calls a budget without an end: 15 June 2087.
_NEVER = 3706473600


class InvalidParameter(JsonRESTError):
    """Budgets' refusal of a budget that contradicts itself."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidParameterException", message)


def _tagger(backend: BudgetsBackend) -> TaggingService:
    return backend.__dict__.setdefault(  # type: ignore[no-any-return]
        "tagger", TaggingService(tag_name="ResourceTags")
    )


def _budget(self: Any, name: str | None = None) -> Budget:
    name = name or self._get_param("BudgetName")
    found = self.backend.budgets[self._get_param("AccountId")].get(name)
    if found is None:
        raise NotFoundException(f"Unable to get budget: {name} - the budget doesn't exist.")
    return found  # type: ignore[no-any-return]


def _checked(content: dict[str, Any]) -> dict[str, Any]:
    if ("FilterExpression" in content) != ("Metrics" in content):
        raise InvalidParameter("FilterExpression and Metrics must be given together")
    if "FilterExpression" in content and ("CostFilters" in content or "CostTypes" in content):
        raise InvalidParameter("FilterExpression cannot be used with CostFilters or CostTypes")
    start = utcnow().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    content["TimePeriod"] = {"Start": unix_time(start), "End": _NEVER} | content.get("TimePeriod", {})
    return content


def update_budget(self: Any) -> str:
    """Replaces a budget; its notifications stay."""
    budget = _budget(self, self._get_param("NewBudget")["BudgetName"])
    period = {"TimePeriod": budget.budget["TimePeriod"]}
    content = _checked({**period, **self._get_param("NewBudget")})
    budget.budget = {**content, "LastUpdatedTime": unix_time()}
    return "{}"


def describe_subscribers_for_notification(self: Any) -> str:
    """Lists who hears of one notification."""
    wanted = self._get_param("Notification")
    for each in _budget(self).notifications:
        if _same(each.details, wanted):
            return json.dumps({"Subscribers": each.subscribers})
    raise NotFoundException("Unable to get subscribers - the notification does not exist.")


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    members = ("NotificationType", "ComparisonOperator", "Threshold")
    kind = "ThresholdType"
    return all(one[member] == other[member] for member in members) and one.get(
        kind, "PERCENTAGE"
    ) == other.get(kind, "PERCENTAGE")


def _of_arn(self: Any) -> str:
    arn: str = self._get_param("ResourceARN")
    if arn.rsplit("/", 1)[-1] not in self.backend.budgets[self.current_account]:
        raise NotFoundException(f"Unable to find {arn}")
    return arn


def tag_resource(self: Any) -> str:
    """Adds tags to a budget."""
    _tagger(self.backend).tag_resource(_of_arn(self), self._get_param("ResourceTags"))
    return "{}"


def untag_resource(self: Any) -> str:
    """Takes tags off a budget."""
    _tagger(self.backend).untag_resource_using_names(_of_arn(self), self._get_param("ResourceTagKeys"))
    return "{}"


def list_tags_for_resource(self: Any) -> str:
    """Lists the tags of a budget."""
    return json.dumps(_tagger(self.backend).list_tags_for_resource(_of_arn(self)))


def install() -> None:
    """Extends moto's Budgets."""

    def create_budget(self: Any) -> str:
        """Keeps the tags of a new budget, and the period that it has when none is given."""
        content = _checked(self._get_param("Budget"))
        notifications = self._get_param("NotificationsWithSubscribers", [])
        self.backend.create_budget(self._get_param("AccountId"), content, notifications)
        if self._get_param("ResourceTags"):
            place = f"arn:{self.partition}:budgets::{self._get_param('AccountId')}"
            arn = f"{place}:budget/{content['BudgetName']}"
            _tagger(self.backend).tag_resource(arn, self._get_param("ResourceTags"))
        return "{}"

    def delete_budget(self: Any, account_id: str, budget_name: str) -> None:
        """Removes the tags with the budget."""
        delete(self, account_id, budget_name)
        arn = f"arn:{self.partition}:budgets::{account_id}:budget/{budget_name}"
        _tagger(self).delete_all_tags_for_resource(arn)

    replace(BudgetsResponse, "create_budget", create_budget)
    delete = replace(BudgetsBackend, "delete_budget", delete_budget)
    add(BudgetsResponse, update_budget, describe_subscribers_for_notification)
    add(BudgetsResponse, tag_resource, untag_resource, list_tags_for_resource)
