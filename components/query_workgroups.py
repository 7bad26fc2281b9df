"""Athena workgroups: who may scan how much, and where encrypted results go."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import athena

from components.named_queries import named_queries
from components.names import Names, Store
from components.setting_groups import Workgroup
from components.settings import Settings
from components.tagging import tags
from etl.catalog import Zone


@dataclass(frozen=True)
class QueryWorkgroupsArgs:
    """Where results go: `bucket` are the parts of the results bucket; `databases` are what queries read."""

    settings: Settings
    names: Names
    bucket: Sequence[pulumi.Resource]
    databases: dict[Zone, pulumi.Resource]
    results_key_arn: Input[str]


class QueryWorkgroups(ComponentResource):
    """The workgroups `analysts`, `reporting` and `data-science` with their named queries.

    Limit, encryption, place and owner of the results are the workgroup's, whatever a client asks for.
    https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    """

    def __init__(self, name: str, args: QueryWorkgroupsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:query:QueryWorkgroups", name, None, opts)
        self._args = args
        groups = {
            group: self._workgroup(name, group, description, limits)
            for group, (description, limits) in args.settings.workgroups.by_name().items()
        }
        for query in named_queries(args.names):
            athena.NamedQuery(
                f"{name}-{query.name}-query",
                name=query.name,
                description=query.description,
                workgroup=args.names.shared(query.workgroup),
                database=args.names.database(query.zone),
                query=query.sql,
                opts=ResourceOptions(
                    parent=self, depends_on=[groups[query.workgroup], args.databases[Zone(query.zone)]]
                ),
            )
        self.groups: list[pulumi.Resource] = list(groups.values())
        self.workgroups = [args.names.shared(group) for group in groups]
        self.register_outputs({"workgroups": self.workgroups})

    def _workgroup(self, name: str, group: str, description: str, limits: Workgroup) -> athena.Workgroup:
        names, settings = self._args.names, self._args.settings
        return athena.Workgroup(
            f"{name}-{group}-workgroup",
            name=names.shared(group),
            description=description,
            state="ENABLED",
            force_destroy=settings.force_destroy,
            configuration=athena.WorkgroupConfigurationArgs(
                enforce_workgroup_configuration=True,
                publish_cloudwatch_metrics_enabled=True,
                requester_pays_enabled=False,
                bytes_scanned_cutoff_per_query=limits.scan_limit_bytes,
                engine_version=athena.WorkgroupConfigurationEngineVersionArgs(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=athena.WorkgroupConfigurationResultConfigurationArgs(
                    output_location=names.uri(Store.RESULTS, names.result_prefix(group)),
                    expected_bucket_owner=names.account,
                    encryption_configuration=athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                        encryption_option="SSE_KMS", kms_key_arn=self._args.results_key_arn
                    ),
                ),
            ),
            tags=tags(settings, "query"),
            opts=ResourceOptions(parent=self, depends_on=list(self._args.bucket)),
        )
