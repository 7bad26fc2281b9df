"""Running controls over a graph so that no failure of one is lost or stops another."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from policies.controls.control import Control, Judgement, Verdict, fails, not_applicable
from policies.graph.model import Graph, Resource

_PACK_DIRECTORY = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one control said of a stack, and how long it took in seconds."""

    control: Control
    judgements: tuple[Judgement, ...]
    seconds: float

    def of(self, verdict: Verdict) -> tuple[Judgement, ...]:
        """Return the judgements with a verdict."""
        return tuple(judgement for judgement in self.judgements if judgement.verdict is verdict)


def evaluate(control: Control, graph: Graph, account_settings_of: str = "") -> Outcome:
    """Return the outcome of one control; an exception inside it is its failure, never silence.

    Where the settings of the account are those of another stack, named here, that this one lacks them is no
    failure; what it sets itself is judged all the same.
    """
    started = time.perf_counter()
    judgements: list[Judgement] = []
    try:
        # One at a time, so that what was found before an exception is kept.
        judgements.extend(control.judge(graph))
    except Exception as error:
        judgements.append(fails(_anchor(graph), crash(error), "Report it: this is a bug of the policy pack."))
    if account_settings_of:
        why = (
            f"stack '{account_settings_of}' makes the settings of the account (policies/profiles/stacks.yaml)"
        )
        judgements = [not_applicable(j.resource, why) if j.of_account else j for j in judgements]
    return Outcome(control, tuple(_distinct(judgements)), time.perf_counter() - started)


def crash(error: Exception) -> str:
    """Where the pack failed. The exception's text stays out: it may quote a secret of the stack."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_ours(f.filename)]
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"the control could not run: {type(error).__name__}{where}. Nothing it guards was checked"


def _is_ours(filename: str) -> bool:
    return Path(filename).is_relative_to(_PACK_DIRECTORY)


def _anchor(graph: Graph) -> Resource:
    if graph.root_urn is not None:
        return graph.by_urn[graph.root_urn]
    return Resource(urn="", name="the stack", token="pulumi:pulumi:Stack", props={})


def _distinct(judgements: Iterable[Judgement]) -> Iterable[Judgement]:
    """Judgements without repetitions: one PASS a resource, one finding a text."""
    return {(j.verdict, j.resource.urn, j.what): j for j in judgements}.values()
