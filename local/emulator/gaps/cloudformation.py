"""AWS CloudFormation: QuickSight's dashboards, and a refusal of types that moto would pass over silently."""

from __future__ import annotations

from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import ValidationError
from moto.core.common_models import CloudFormationModel
from moto.quicksight.models import QuickSightBackend, quicksight_backends

from local.emulator import gaps
from local.emulator.gaps.extend import replace


class Dashboard(CloudFormationModel):
    """`AWS::QuickSight::Dashboard`, kept in QuickSight's own store."""

    def __init__(self, dashboard: Any) -> None:
        self.dashboard = dashboard

    @property
    def physical_resource_id(self) -> str:
        """Account and identifier, as CloudFormation names a dashboard."""
        return f"{self.dashboard.account_id}|{self.dashboard.dashboard_id}"

    @staticmethod
    def cloudformation_name_type() -> str:
        """None: a dashboard's identifier is required."""
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        """The type's name in templates."""
        return "AWS::QuickSight::Dashboard"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        """Tells what templates can ask of a dashboard."""
        return attr in ("Arn", "CreatedTime", "LastUpdatedTime")

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        """Answers what a template asks."""
        told = self.dashboard.to_dict()
        return told[attribute_name]

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> Dashboard:
        """Makes the dashboard; its identifier must be free."""
        backend, given = quicksight_backends[account_id][region_name], cloudformation_json["Properties"]
        if given["DashboardId"] in backend.dashboards:
            raise ValidationError(resource_name, f"Dashboard {given['DashboardId']} already exists")
        return cls(_put(backend, account_id, given))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Dashboard:
        """Replaces the dashboard by the one that is described now."""
        backend = quicksight_backends[account_id][region_name]
        backend.dashboards.pop(original_resource.dashboard.dashboard_id, None)
        return cls(_put(backend, account_id, cloudformation_json["Properties"]))

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        """Removes the dashboard."""
        identifier = cloudformation_json["Properties"]["DashboardId"]
        quicksight_backends[account_id][region_name].dashboards.pop(identifier, None)


def _put(backend: QuickSightBackend, account: str, given: dict[str, Any]) -> Any:
    return backend.create_dashboard(
        aws_account_id=account,
        dashboard_id=given["DashboardId"],
        name=given["Name"],
        parameters=given.get("Parameters", {}),
        permissions=given.get("Permissions", []),
        source_entity=given.get("SourceEntity", {}),
        tags=given.get("Tags", []),
        version_description=given.get("VersionDescription", ""),
        dashboard_publish_options=given.get("DashboardPublishOptions", {}),
        theme_arn=given.get("ThemeArn", ""),
        definition=given.get("Definition", {}),
        validation_strategy=given.get("ValidationStrategy", {}),
        folder_arns=given.get("FolderArns", []),
        link_sharing_configuration=given.get("LinkSharingConfiguration", {}),
        link_entities=given.get("LinkEntities", []),
    )


def install() -> None:
    """Extends moto's CloudFormation."""
    gaps.prepare("quicksight")

    def resource_class_from_type(resource_type: str) -> Any:
        """Refuses a type that would be left out, which a stack in AWS never does."""
        found = find(resource_type)
        if found is None and resource_type not in parsing.NULL_MODELS:
            raise NotImplementedError(f"CloudFormation resources of the type {resource_type}")
        return found

    find = replace(parsing, "resource_class_from_type", resource_class_from_type)
    for cached in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        cached.cache_clear()
