"""What an analysis comes to: each finding with its level and waiver, and whether it stops a deployment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from policies.controls.control import Control, Judgement, Severity, Verdict
from policies.controls.registry import CONTROLS
from policies.evaluation import Outcome, evaluate
from policies.graph.model import Graph
from policies.levels import Level, Profile, Setting
from policies.waivers import FILE, Void, Waiver, Waivers, read

_SEVERITIES = tuple(reversed(Severity))


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure, or something that could not be verified, and what it means for the deployment."""

    control: Control
    judgement: Judgement
    level: Level
    waiver: Waiver | None = None

    @property
    def stops(self) -> bool:
        """Whether it stops a deployment."""
        return self.level is Level.MANDATORY and self.waiver is None

    @property
    def fix(self) -> str:
        """How to repair it."""
        return self.judgement.fix or self.control.fix

    @property
    def key(self) -> str:
        """Stable identity: the same finding in another run has the same key, 16 hexadecimal digits."""
        parts = (self.control.id, self.judgement.resource.urn, self.judgement.verdict, self.judgement.what)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Ruling:
    """One analysis of one stack.

    Args:
        graph: The stack.
        outcomes: Of the controls that ran, in the order of their ids.
        findings: All of them, the gravest first, then by resource.
        void: Entries of the waiver file that are none; each stops a deployment.
        idle: Waivers that no finding needed, and waivers past their day.

    """

    graph: Graph
    outcomes: tuple[Outcome, ...]
    findings: tuple[Finding, ...]
    void: tuple[Void, ...] = ()
    idle: tuple[str, ...] = ()

    @property
    def stops(self) -> bool:
        """Whether it stops a deployment."""
        return bool(self.void) or any(finding.stops for finding in self.findings)


def rule(
    graph: Graph,
    outcomes: Iterable[Outcome],
    setting: Callable[[Control], Setting],
    waivers: Waivers,
) -> Ruling:
    """Return the ruling on outcomes.

    Args:
        graph: The stack.
        outcomes: What controls said of it.
        setting: How each control binds.
        waivers: Those of the day.

    """
    ran = tuple(sorted(outcomes, key=lambda outcome: outcome.control.id))
    findings = [
        Finding(
            outcome.control,
            judgement,
            _level(judgement, setting(outcome.control)),
            waivers.covering(outcome.control, judgement),
        )
        for outcome in ran
        for judgement in outcome.judgements
        if judgement.verdict in (Verdict.FAIL, Verdict.UNVERIFIED)
    ]
    findings.sort(key=_order)
    used = {finding.waiver for finding in findings if finding.waiver is not None}
    ids = {outcome.control.id for outcome in ran}
    idle = [f"unused waiver: {w}" for w in waivers.active if w not in used and w.control in ids]
    idle += [f"expired waiver: {waiver}" for waiver in waivers.expired]
    return Ruling(graph, ran, tuple(findings), waivers.void, tuple(idle))


def judge(
    graph: Graph,
    profile: Profile,
    today: date,
    controls: Iterable[Control] = CONTROLS,
    waiver_file: Path = FILE,
) -> Ruling:
    """Run the controls that a profile has not switched off over a stack, and rule on what they say."""
    chosen = tuple(controls)
    running = [control for control in chosen if profile.of(control).level is not Level.DISABLED]
    outcomes = [evaluate(control, graph, profile.owner(control)) for control in running]
    return rule(graph, outcomes, profile.of, read(waiver_file, today, chosen))


def _level(judgement: Judgement, setting: Setting) -> Level:
    if judgement.verdict is Verdict.UNVERIFIED and not setting.unverified_fails:
        return Level.ADVISORY
    return setting.level


def _order(finding: Finding) -> tuple[bool, int, str, str, str]:
    return (
        not finding.stops,
        _SEVERITIES.index(finding.control.severity),
        finding.judgement.resource.urn,
        finding.control.id,
        finding.judgement.what,
    )
