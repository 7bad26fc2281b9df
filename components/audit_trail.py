"""The audit: a trail of every API call and of every access to the lake's objects, kept and watched."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import cloudtrail, cloudwatch

from components.iam import Document, allow, assumed_by, document
from components.names import Names, Store
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags
from components.trail_watch import watches

TRAIL_ROLE = "trail-to-logs"
GOVERNED = ("AWS::Glue::Table",)
"""Data events beside objects: calls on tables that Lake Formation governs."""
INSIGHTS = ("ApiCallRateInsight", "ApiErrorRateInsight")
_COMPONENT = "audit"


@dataclass(frozen=True)
class AuditTrailArgs:
    """Where the trail goes: `bucket` are the parts of the audit bucket, the keys encrypt it."""

    settings: Settings
    names: Names
    bucket: Sequence[pulumi.Resource]
    audit_key_arn: Input[str]
    logs_key_arn: Input[str]


class AuditTrail(ComponentResource):
    """A validated, encrypted, multi-region trail with the lake's data events, in S3 and in CloudWatch Logs.

    Who read what of the lake is Lake Formation's GetDataAccess (a management event) together with the
    objects' data events. Management events and insights are the account's: only the stack that owns the
    account's settings records them, since a second copy costs and tells nothing new.
    https://docs.aws.amazon.com/lake-formation/latest/dg/logging-using-cloudtrail.html
    """

    def __init__(self, name: str, args: AuditTrailArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:audit:AuditTrail", name, None, opts)
        self._args, self._tags = args, tags(args.settings, _COMPONENT)
        names, settings = args.names, args.settings
        group = cloudwatch.LogGroup(
            f"{name}-log-group",
            name=names.trail_log_group,
            kms_key_id=args.logs_key_arn,
            retention_in_days=settings.audit.log_days,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        of_account = settings.owns_account_settings
        insights = INSIGHTS if of_account and settings.audit.insights else ()
        self.trail = cloudtrail.Trail(
            f"{name}-trail",
            name=names.trail,
            s3_bucket_name=names.bucket(Store.AUDIT),
            s3_key_prefix=names.trail_prefix.rstrip("/"),
            kms_key_id=args.audit_key_arn,
            cloud_watch_logs_group_arn=f"{names.log_group_arn(names.trail_log_group)}:*",
            cloud_watch_logs_role_arn=names.role_arn(TRAIL_ROLE),
            is_multi_region_trail=True,
            include_global_service_events=True,
            is_organization_trail=False,
            enable_log_file_validation=True,
            enable_logging=True,
            advanced_event_selectors=_selectors(names, of_account),
            insight_selectors=[cloudtrail.TrailInsightSelectorArgs(insight_type=kind) for kind in insights]
            or None,
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[group, *self._role(name), *args.bucket]),
        )
        deployer = settings.lake_formation.deployer_role_arn
        watched = watches(names, settings.audit.denied_calls, deployer)
        self.metrics = [watch for watch in watched if of_account or not watch.of_account]
        self.filters: list[pulumi.Resource] = [
            cloudwatch.LogMetricFilter(
                f"{name}-{watch.name}-filter",
                name=names.alarm(watch.name),
                log_group_name=names.trail_log_group,
                pattern=watch.pattern,
                metric_transformation=cloudwatch.LogMetricFilterMetricTransformationArgs(
                    name=watch.metric,
                    namespace=names.metric_namespace,
                    value="1",
                    default_value="0",
                    unit="Count",
                ),
                opts=ResourceOptions(parent=self, depends_on=[group]),
            )
            for watch in self.metrics
        ]
        self.register_outputs({"trail_arn": names.trail_arn})

    def _role(self, name: str) -> list[pulumi.Resource]:
        """Make the role under which CloudTrail writes to the log group."""
        names = self._args.names
        return service_role(
            name,
            names,
            TRAIL_ROLE,
            purpose="Lets CloudTrail write the trail to CloudWatch Logs",
            trust=trail_trust(),
            grant="write-trail",
            policy=trail_policy(names),
            tags=self._tags,
            parent=self,
        )


def trail_trust() -> Document:
    """Trust CloudTrail.

    AWS's own document has no condition, and deliveries were seen to stop under one on the source
    (https://github.com/prowler-cloud/prowler/issues/4714). Only who may pass the role can give it to a trail.
    """
    return document(assumed_by("cloudtrail", {}))


def trail_policy(names: Names) -> Document:
    """Write to the streams that CloudTrail makes for this account in the trail's log group."""
    group = names.log_group_arn(names.trail_log_group)
    streams = f"{group}:log-stream:{names.account}_CloudTrail_{names.region}*"
    return document(allow("WriteTrail", ["logs:CreateLogStream", "logs:PutLogEvents"], [streams]))


def _selectors(names: Names, of_account: bool) -> list[cloudtrail.TrailAdvancedEventSelectorArgs]:
    """Select management events, reads and writes of the lake's objects, and calls on governed tables."""
    field = cloudtrail.TrailAdvancedEventSelectorFieldSelectorArgs
    data = field(field="eventCategory", equals=["Data"])
    lake = [f"{names.bucket_arn(store)}/" for store in (Store.DATA, Store.RESULTS, Store.ARTIFACTS)]
    selectors = [
        cloudtrail.TrailAdvancedEventSelectorArgs(
            name="Objects of the lake, read and written",
            field_selectors=[
                data,
                field(field="resources.type", equals=["AWS::S3::Object"]),
                field(field="resources.ARN", starts_withs=lake),
            ],
        ),
        *(
            cloudtrail.TrailAdvancedEventSelectorArgs(
                name=f"Calls on governed resources of type {kind}",
                field_selectors=[data, field(field="resources.type", equals=[kind])],
            )
            for kind in GOVERNED
        ),
    ]
    if of_account:
        selectors.insert(
            0,
            cloudtrail.TrailAdvancedEventSelectorArgs(
                name="Management events",
                field_selectors=[field(field="eventCategory", equals=["Management"])],
            ),
        )
    return selectors
