"""The workflow: what starts it, and in which order crawlers and jobs follow each other."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, ResourceOptions
from pulumi_aws import cloudwatch, glue

from components.iam import events_trust, start_workflow_policy
from components.names import Names, Store
from components.pipeline_plan import CrawlerPlan, StepPlan, TriggerPlan, triggers
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags

STARTER_ROLE = "workflow-starter"


@dataclass(frozen=True)
class PipelineWorkflowArgs:
    """What the workflow runs: `steps` are the crawlers and jobs, which must exist before their triggers."""

    settings: Settings
    names: Names
    steps: Sequence[pulumi.Resource]


class PipelineWorkflow(ComponentResource):
    """New raw objects, batched, and a daily schedule start the chain of crawlers and jobs.

    One run at a time: what arrives during a run is found by the next one, at the latest by the daily run.
    https://docs.aws.amazon.com/glue/latest/dg/starting-workflow-eventbridge.html
    """

    def __init__(self, name: str, args: PipelineWorkflowArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:pipeline:PipelineWorkflow", name, None, opts)
        self._args, self._tags = args, tags(args.settings, "pipeline")
        self.workflow = glue.Workflow(
            f"{name}-workflow",
            name=args.names.workflow,
            description="Raw CSV to processed Parquet to curated tables",
            max_concurrent_runs=1,
            tags=self._tags,
            opts=ResourceOptions(parent=self),
        )
        start, *followers = triggers()
        chain = [self._follower(name, follower) for follower in followers]
        self._rules(name, [self._starter(name, start), *chain])
        self.register_outputs({"workflow": args.names.workflow})

    def _starter(self, name: str, start: TriggerPlan) -> glue.Trigger:
        batching = self._args.settings.ingestion
        # An EVENT trigger is live once it exists; AWS refuses to start or stop it, so it stays "disabled".
        return glue.Trigger(
            f"{name}-start-trigger",
            name=f"{self._args.names.workflow}-start",
            description="Starts the workflow on new raw objects, many at once",
            type="EVENT",
            enabled=False,
            workflow_name=self._args.names.workflow,
            event_batching_conditions=[
                glue.TriggerEventBatchingConditionArgs(
                    batch_size=batching.batch_size, batch_window=batching.batch_window_seconds
                )
            ],
            actions=[self._action(step) for step in start.starts],
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[self.workflow, *self._args.steps]),
        )

    def _follower(self, name: str, follower: TriggerPlan) -> glue.Trigger:
        started = ", ".join(step.name for step in follower.starts)
        awaited = ", ".join(step.name for step in follower.after)
        return glue.Trigger(
            f"{name}-{follower.name}-trigger",
            name=f"{self._args.names.workflow}-{follower.name}",
            description=f"Starts {started} when {awaited} succeeded",
            type="CONDITIONAL",
            enabled=True,
            workflow_name=self._args.names.workflow,
            predicate=glue.TriggerPredicateArgs(
                logical="AND", conditions=[self._succeeded(step) for step in follower.after]
            ),
            actions=[self._action(step) for step in follower.starts],
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=[self.workflow, *self._args.steps]),
        )

    def _action(self, step: StepPlan) -> glue.TriggerActionArgs:
        name = self._args.names.shared(step.name)
        if isinstance(step, CrawlerPlan):
            return glue.TriggerActionArgs(crawler_name=name)
        return glue.TriggerActionArgs(job_name=name)

    def _succeeded(self, step: StepPlan) -> glue.TriggerPredicateConditionArgs:
        name = self._args.names.shared(step.name)
        if isinstance(step, CrawlerPlan):
            return glue.TriggerPredicateConditionArgs(
                crawler_name=name, crawl_state="SUCCEEDED", logical_operator="EQUALS"
            )
        return glue.TriggerPredicateConditionArgs(job_name=name, state="SUCCEEDED", logical_operator="EQUALS")

    def _rules(self, name: str, triggers: Sequence[pulumi.Resource]) -> None:
        """Let EventBridge start the workflow, on new raw objects and by the clock."""
        names, daily = self._args.names, self._args.settings.ingestion.daily_run
        pattern = {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {
                "bucket": {"name": [names.bucket(Store.DATA)]},
                "object": {"key": [{"prefix": "raw/"}]},
            },
        }
        access = self._starter_role(name)
        rule = cloudwatch.EventRule(
            f"{name}-object-rule",
            name=names.object_rule,
            description="A new object under raw/",
            event_pattern=json.dumps(pattern),
            tags=self._tags,
            opts=ResourceOptions(parent=self, depends_on=list(triggers)),
        )
        self._target(f"{name}-object-target", names.object_rule, [rule, *access])
        if daily:
            clock = cloudwatch.EventRule(
                f"{name}-daily-rule",
                name=names.daily_rule,
                description="A run even when nothing arrived",
                schedule_expression=daily,
                tags=self._tags,
                opts=ResourceOptions(parent=self, depends_on=list(triggers)),
            )
            self._target(f"{name}-daily-target", names.daily_rule, [clock, *access])

    def _target(self, name: str, rule: str, needs: Sequence[pulumi.Resource]) -> None:
        names = self._args.names
        cloudwatch.EventTarget(
            name,
            rule=rule,
            target_id="workflow",
            arn=names.workflow_arn,
            role_arn=names.role_arn(STARTER_ROLE),
            opts=ResourceOptions(parent=self, depends_on=list(needs)),
        )

    def _starter_role(self, name: str) -> list[pulumi.Resource]:
        names = self._args.names
        return service_role(
            f"{name}-starter",
            names,
            STARTER_ROLE,
            purpose="Lets EventBridge hand events to the workflow",
            trust=events_trust(names, [names.object_rule, names.daily_rule]),
            grant="notify-workflow",
            policy=start_workflow_policy(names),
            tags=self._tags,
            parent=self,
        )
