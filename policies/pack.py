"""The controls as policies of Pulumi's CrossGuard.

- One stack policy for each control, named as the control, mandatory unless configuration says otherwise.
  It sees the whole stack, at preview already.
- `stop-before-create`: the failures that one resource's inputs prove, judged during an update so that the
  resource is never created. Previews leave it out, for there the stack policies say the same.
- `unverified-controls`: what no control could decide and no control reported as its own finding.
- `waived-findings`: what a waiver covers, and waivers that cover nothing.
- `waiver-file`: entries of the waiver file that are none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

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
from policies.evaluation import Outcome, crash, evaluate
from policies.graph.build import lone_graph
from policies.graph.inputs import SeenInputs
from policies.graph.kinds import KIND_OF
from policies.levels import STOP_BEFORE_CREATE, Level, for_stack
from policies.report import REPORT_VARIABLE, report, write
from policies.ruling import Ruling, rule
from policies.sessions import Session, Sessions
from policies.waivers import FILE, Waivers, read

NAME = "energy-lake"
VERSION = "0.1.0"
UNVERIFIED = "unverified-controls"
WAIVED = "waived-findings"
WAIVER_FILE = "waiver-file"

_SUMMARIES = {
    UNVERIFIED: (
        "Everything that a control looks at could be decided.",
        "Nothing passes by not being looked at",
        "Give names and ARNs as literals, or let a property lead to a resource.",
    ),
    WAIVED: (
        "Findings that somebody answers for, for a while.",
        "Waived findings stay in sight",
        "Repair the finding before its waiver ends; remove waivers that nothing needs.",
    ),
}

_UNVERIFIED = {
    "unverified": {
        "type": "string",
        "enum": ["fail", "warn"],
        "description": "What a value not known yet counts as. Default: fail in prod, warn elsewhere.",
    }
}
_OF_ACCOUNT = {
    "accountSettingsOf": {
        "type": "string",
        "description": "The stack that makes the settings of the account. Default: this one.",
    }
}
_SKIP_SCHEMA = PolicyConfigSchema(
    properties={
        "skip": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Names or ids of controls that let a resource be created all the same.",
        }
    }
)


@dataclass(frozen=True)
class Pack:
    """The policies, and what the host shares with them."""

    policies: list[Policy]
    controls: tuple[Control, ...]
    sessions: Sessions
    configuration: dict[str, Any]


def build(
    controls: Iterable[Control] = CONTROLS,
    *,
    stack: str = "",
    waiver_file: Path = FILE,
    today: date | None = None,
) -> Pack:
    """Return the pack for some controls.

    Args:
        controls: What it judges by.
        stack: The stack that the engine works on, whose profile is the configuration it starts with; none
            where the engine does not say, which leaves every control mandatory.
        waiver_file: Where waivers are read from.
        today: The day that waivers are in force on; the current one by default.

    """
    chosen = tuple(controls)
    waivers = read(waiver_file, today or date.today(), chosen)
    sessions = Sessions(SeenInputs())
    judging: list[Policy] = [_stack_policy(control, sessions, waivers) for control in chosen]
    summing = [
        _waiver_policy(waivers),
        _summary_policy(chosen, sessions, waivers, WAIVED),
        _summary_policy(chosen, sessions, waivers, UNVERIFIED),
    ]
    return Pack(
        [_stop_before_create(chosen, sessions, waivers), *judging, *summing],
        chosen,
        sessions,
        for_stack(stack, chosen).configuration(chosen) if stack else {},
    )


def is_preview() -> bool:
    """Whether the engine only plans: the stack policies say what there is to say, and nothing is created."""
    return os.environ.get("PULUMI_DRY_RUN") == "true"


def _stack_policy(control: Control, sessions: Sessions, waivers: Waivers) -> StackValidationPolicy:
    def judge(args: StackValidationArgs, report_violation: ReportViolation) -> Outcome:
        session = sessions.of(args.resources)
        outcome = session.outcome(control)
        findings = [j for j in outcome.of(Verdict.FAIL) if waivers.covering(control, j) is None]
        if session.setting(control, args.get_config()).unverified_fails:
            findings += outcome.of(Verdict.UNVERIFIED)
        for judgement in findings:
            report_violation(control.message(judgement), judgement.resource.urn or session.graph.root_urn)
        return outcome

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        try:
            outcome = judge(args, report_violation)
        except Exception as error:
            report_violation(f"[{control.id} {control.name}] {crash(error)}", None)
            return
        if all(judgement.verdict is Verdict.NOT_APPLICABLE for judgement in outcome.judgements):
            args.not_applicable("the stack has nothing that this control looks at")

    return StackValidationPolicy(
        name=control.name,
        description=f"{control.id}: {control.title}.",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY if control.advisory else EnforcementLevel.MANDATORY,
        config_schema=PolicyConfigSchema({**_UNVERIFIED, **(_OF_ACCOUNT if control.of_account else {})}),
        display_name=f"{control.id} {control.title}",
        severity=PolicySeverity(control.severity.value),
        tags=[control.category.value, *control.anchors],
        remediation_steps=control.fix,
    )


def _waiver_policy(waivers: Waivers) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        del args
        for void in waivers.void:
            report_violation(str(void), None)

    return StackValidationPolicy(
        name=WAIVER_FILE,
        description="Every entry of the waiver file is a waiver.",
        validate=validate,
        enforcement_level=EnforcementLevel.MANDATORY,
        display_name="Waivers are well formed",
        severity=PolicySeverity.HIGH,
        tags=["governance"],
        remediation_steps="Repair or remove the entry that the message names.",
    )


def _summary_policy(
    controls: tuple[Control, ...], sessions: Sessions, waivers: Waivers, name: str
) -> StackValidationPolicy:
    def judge(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        session = sessions.of(args.resources)
        running = [c for c in controls if session.setting(c).level is not Level.DISABLED]
        outcomes = [session.outcome(control) for control in running]
        ruling = rule(session.graph, outcomes, session.setting, waivers)
        for text, urn in (_waived if name == WAIVED else _undecided)(ruling, session):
            report_violation(text, urn or session.graph.root_urn)
        target = os.environ.get(REPORT_VARIABLE)
        if name == UNVERIFIED and target:
            write(report(ruling, NAME, VERSION), Path(target))

    def validate(args: StackValidationArgs, report_violation: ReportViolation) -> None:
        try:
            judge(args, report_violation)
        except OSError as error:
            text = f"the report was not written: {error.strerror}. Check the path in {REPORT_VARIABLE}."
            report_violation(text, None)
        except Exception as error:
            report_violation(f"[{name}] {crash(error)}", None)

    description, title, fix = _SUMMARIES[name]
    return StackValidationPolicy(
        name=name,
        description=description,
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
        display_name=title,
        severity=PolicySeverity.MEDIUM,
        tags=["governance"],
        remediation_steps=fix,
    )


def _waived(ruling: Ruling, session: Session) -> Iterator[tuple[str, str | None]]:
    for finding in ruling.findings:
        if finding.waiver is not None:
            message = finding.control.message(finding.judgement)
            yield f"WAIVED by {finding.waiver}: {message}", finding.judgement.resource.urn
    for text in ruling.idle:
        yield text, session.graph.root_urn


def _undecided(ruling: Ruling, session: Session) -> Iterator[tuple[str, str | None]]:
    for finding in ruling.findings:
        undecided = finding.judgement.verdict is Verdict.UNVERIFIED
        # Where what is not known counts as a failure, the control's own policy has said so.
        if undecided and not session.setting(finding.control).unverified_fails:
            yield finding.control.message(finding.judgement), finding.judgement.resource.urn


def _stop_before_create(
    controls: tuple[Control, ...], sessions: Sessions, waivers: Waivers
) -> ResourceValidationPolicy:
    by_kind = {kind: tuple(c for c in controls if kind in c.alone) for kind in set(KIND_OF.values())}

    def judge(args: ResourceValidationArgs, report_violation: ReportViolation) -> None:
        graph = sessions.lone or lone_graph(args)
        sessions.seen.remember(args.urn, graph.resources[0].props)
        if is_preview():
            return
        skip = {str(name) for name in args.get_config().get("skip", ())}
        for control in by_kind[KIND_OF[args.resource_type]]:
            if control.name not in skip and control.id not in skip:
                for judgement in evaluate(control, graph).of(Verdict.FAIL):
                    if waivers.covering(control, judgement) is None:
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
