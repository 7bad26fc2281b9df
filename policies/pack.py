"""The controls as policies of Pulumi's CrossGuard.

- One stack policy for each control, named as the control, mandatory unless configuration says otherwise.
  It sees the whole stack, at preview already.
- `stop-before-create`: the failures that one resource's inputs prove, judged during an update so that the
  resource is never created. Previews leave it out, for there the stack policies say the same.
- `unverified-controls`: what no control could decide and no control reported as its own finding.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as PolicySeverity

from policies.controls.control import Control, Verdict
from policies.controls.registry import CONTROLS
from policies.evaluation import crash, evaluate
from policies.graph.build import lone_graph
from policies.graph.inputs import SeenInputs
from policies.graph.kinds import KIND_OF
from policies.graph.model import Graph
from policies.report import REPORT_VARIABLE, report, write
from policies.sessions import Session, Sessions

NAME = "energy-lake"
VERSION = "0.1.0"
STOP_BEFORE_CREATE = "stop-before-create"
UNVERIFIED = "unverified-controls"
_PRODUCTION = ("prod", "production")

_UNVERIFIED_SCHEMA = PolicyConfigSchema(
    properties={
        "unverified": {
            "type": "string",
            "enum": ["fail", "warn"],
            "description": "What a value not known yet counts as. Default: fail in prod, warn elsewhere.",
        }
    }
)
_SKIP_SCHEMA = PolicyConfigSchema(
    properties={
        "skip": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Names or ids of controls that let a resource be created all the same.",
        }
    }
)


def policies(controls: Iterable[Control] = CONTROLS) -> list[Policy]:
    """Return the policies of the pack for some controls."""
    chosen = tuple(controls)
    seen = SeenInputs()
    sessions = Sessions(seen)
    stack_policies = [_stack_policy(control, place, sessions) for place, control in enumerate(chosen)]
    last = _unverified_policy(len(chosen), sessions)
    return [_stop_before_create(chosen, seen), *stack_policies, last]


def _stack_policy(control: Control, place: int, sessions: Sessions) -> StackValidationPolicy:
    def judge(args: StackValidationArgs, report_violation: ReportViolation) -> Session:
        session = sessions.of(args.resources, place)
        outcome = session.outcome(control)
        findings = outcome.of(Verdict.FAIL)
        if _unverified_fails(control, session.graph, str(args.get_config().get("unverified", ""))):
            session.escalated.add(control.id)
            findings += outcome.of(Verdict.UNVERIFIED)
        for judgement in findings:
            report_violation(control.message(judgement), judgement.resource.urn or session.graph.root_urn)
        return session

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        try:
            session = judge(args, report_violation)
        except Exception as error:
            report_violation(f"[{control.id} {control.name}] {crash(error)}", None)
            return
        outcome = session.outcome(control)
        if all(judgement.verdict is Verdict.NOT_APPLICABLE for judgement in outcome.judgements):
            args.not_applicable("the stack has nothing that this control looks at")

    return StackValidationPolicy(
        name=control.name,
        description=f"{control.id}: {control.title}.",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY if control.advisory else EnforcementLevel.MANDATORY,
        config_schema=_UNVERIFIED_SCHEMA,
        display_name=f"{control.id} {control.title}",
        severity=PolicySeverity(control.severity.value),
        tags=[control.category.value, *control.anchors],
        remediation_steps=control.fix,
    )


def _unverified_fails(control: Control, graph: Graph, setting: str) -> bool:
    if setting in ("fail", "warn"):
        return setting == "fail"
    return graph.stack in _PRODUCTION and not control.advisory


def _unverified_policy(place: int, sessions: Sessions) -> StackValidationPolicy:
    def judge(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        session = sessions.of(args.resources, place)
        sessions.close()
        for key, outcome in sorted(session.outcomes.items()):
            if key in session.escalated:
                continue
            for judgement in outcome.of(Verdict.UNVERIFIED):
                urn = judgement.resource.urn or session.graph.root_urn
                report_violation(outcome.control.message(judgement), urn)
        target = os.environ.get(REPORT_VARIABLE)
        if target:
            write(report(session, NAME, VERSION), Path(target))

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        try:
            judge(args, report_violation)
        except OSError as error:
            text = f"the report was not written: {error.strerror}. Check the path in {REPORT_VARIABLE}."
            report_violation(text, None)
        except Exception as error:
            report_violation(f"[{UNVERIFIED}] {crash(error)}", None)

    return StackValidationPolicy(
        name=UNVERIFIED,
        description="Everything that a control looks at could be decided.",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
        display_name="Nothing passes by not being looked at",
        severity=PolicySeverity.MEDIUM,
        tags=["governance"],
        remediation_steps="Give names and ARNs as literals, or let a property lead to a resource.",
    )


def _stop_before_create(controls: tuple[Control, ...], seen: SeenInputs) -> ResourceValidationPolicy:
    by_kind = {kind: tuple(c for c in controls if kind in c.alone) for kind in set(KIND_OF.values())}

    def judge(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        graph = lone_graph(args)
        seen.remember(args.urn, graph.resources[0].props)
        # In a preview the stack policies say the same of the same resource, and nothing is created.
        if os.environ.get("PULUMI_DRY_RUN") == "true":
            return
        skip = {str(name) for name in args.get_config().get("skip", ())}
        for control in by_kind[KIND_OF[args.resource_type]]:
            if control.name not in skip and control.id not in skip:
                for judgement in evaluate(control, graph).of(Verdict.FAIL):
                    report_violation(control.message(judgement), args.urn)

    def validate(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        if args.resource_type not in KIND_OF:
            return
        try:
            judge(args, report_violation)
        except Exception as error:
            report_violation(f"[{STOP_BEFORE_CREATE}] {crash(error)}", args.urn)

    return ResourceValidationPolicy(
        name=STOP_BEFORE_CREATE,
        description="A resource whose own inputs break a control is not created.",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
        config_schema=_SKIP_SCHEMA,
        display_name="Stop before creation",
        severity=PolicySeverity.HIGH,
        tags=["governance"],
        remediation_steps="Follow the fix of the control that the message names.",
    )
