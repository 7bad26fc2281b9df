"""Which triggers fire, and when: Glue's rules as a walk over one workflow run, without input or output."""

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from local.runner.deployed import Action, Node, Trigger, Workflow
from local.runner.report import NodeReport, TriggerReport

CONCURRENT_NODES = 2


def satisfied(trigger: Trigger, states: Mapping[Node, str]) -> bool:
    """Whether a conditional trigger's predicate holds over the nodes of this run."""
    met = [states.get(condition.node) == condition.state for condition in trigger.conditions]
    return any(met) if trigger.logical == "ANY" else all(met)


def silence(trigger: Trigger, states: Mapping[Node, str]) -> str:
    """Why a trigger did not fire, for a person."""
    if not trigger.active:
        return f"never activated (state {trigger.state}); activate it with start_on_creation or StartTrigger"
    unmet = [
        f"{condition} ({_was(states.get(condition.node))})"
        for condition in trigger.conditions
        if states.get(condition.node) != condition.state
    ]
    joined = (" and " if trigger.logical == "AND" else " or ").join(unmet)
    return f"predicate never satisfied: {joined}"


def _was(state: str | None) -> str:
    return f"it was {state}" if state else "it never ran"


def walk(
    workflow: Workflow, run: Callable[[Action], NodeReport]
) -> tuple[tuple[NodeReport, ...], tuple[TriggerReport, ...]]:
    """Fire the starting trigger and everything that follows from it; each trigger fires at most once a run.

    Independent nodes run side by side. `run` executes one node and must not raise.
    Returns the nodes in the order they ended and all triggers in name order.
    """
    states: dict[Node, str] = {}
    reports: list[NodeReport] = []
    fired: dict[str, str] = {}
    running: dict[Future[NodeReport], Node] = {}
    with ThreadPoolExecutor(CONCURRENT_NODES, thread_name_prefix="glue-node") as pool:

        def fire(trigger: Trigger, reason: str) -> None:
            fired[trigger.name] = reason
            for action in trigger.actions:
                running[pool.submit(run, action)] = action.node

        for trigger in workflow.triggers:
            if trigger.starts:
                fire(trigger, "started the run")
        while running:
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                report = future.result()
                states[running.pop(future)] = report.state
                reports.append(report)
            for trigger in workflow.triggers:
                if trigger.name in fired or trigger.starts or not trigger.active:
                    continue
                if satisfied(trigger, states):
                    fire(trigger, "predicate satisfied")
    triggers = tuple(
        TriggerReport(
            trigger.name,
            trigger.type,
            trigger.name in fired,
            fired.get(trigger.name) or silence(trigger, states),
        )
        for trigger in workflow.triggers
    )
    return tuple(reports), triggers
