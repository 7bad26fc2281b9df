"""Glue jobs and crawlers: secrets, logs, versions, bounds, triggers, catalog behaviour."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    passes,
    unverified,
)
from policies.controls.governed_access import overlaps_registered
from policies.controls.secrets import looks_secret
from policies.controls.settings import each, setting
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.needs import crawled
from policies.graph.values import Unknown, at, is_true, items

_OLDEST = 4.0
_LONGEST_MINUTES = 480
_MOST_RETRIES = 3
_CRAWLERS_A_TRIGGER = 2
_VERSION = re.compile(r"\d+(\.\d+)?")


def _no_secret_arguments(graph: Graph, source: Resource) -> Iterator[Judgement]:
    del graph
    for prop in ("defaultArguments", "nonOverridableArguments"):
        yield from _secrets_in(source, setting(source, prop), prop)
    for index, action in enumerate(items(source.at("actions"))):
        yield from _secrets_in(source, at(action, "arguments"), f"actions[{index}].arguments")


def _secrets_in(source: Resource, arguments: object, where: str) -> Iterator[Judgement]:
    if isinstance(arguments, Unknown):
        yield unverified(source, f"{where} are not known yet")
    if isinstance(arguments, dict):
        for name, value in arguments.items():
            if looks_secret(str(name), value):
                # The value itself never reaches a message.
                yield fails(source, f"{where} hold a secret in clear: {name}")


def _logs(graph: Graph, job: Resource) -> Iterator[Judgement]:
    del graph
    arguments = setting(job, "defaultArguments")
    if isinstance(arguments, Unknown):
        yield unverified(job, "defaultArguments are not known yet")
        return
    for name in ("--enable-continuous-cloudwatch-log", "--enable-metrics"):
        value = at(arguments, name)
        # --enable-metrics is a switch: any value but false turns it on.
        is_on = value is not None and value != "false" if name == "--enable-metrics" else is_true(value)
        if not is_on and not isinstance(value, Unknown):
            yield fails(job, f"keeps no trace while it runs: {name} is not on")


def _version(graph: Graph, job: Resource) -> Iterator[Judgement]:
    del graph
    version, command = setting(job, "glueVersion"), job.at("command", "name")
    if isinstance(version, Unknown):
        yield unverified(job, "glueVersion is not known yet")
    elif command == "pythonshell":
        return
    elif version is None:
        yield fails(job, "glueVersion is not set, so AWS picks one without support")
    elif not _VERSION.fullmatch(str(version)) or float(str(version)) < _OLDEST:
        yield fails(job, f"glueVersion {version} is older than {_OLDEST:.1f}: no more security updates")


def _bounded(graph: Graph, job: Resource) -> Iterator[Judgement]:
    del graph
    timeout = setting(job, "timeout")
    if isinstance(timeout, Unknown):
        yield unverified(job, "timeout is not known yet")
    elif not isinstance(timeout, int | float) or not 0 < timeout <= _LONGEST_MINUTES:
        said = "is not set" if timeout is None else f"is {timeout}"
        yield fails(
            job, f"a hung run is billed for long: timeout {said}, not 1 to {_LONGEST_MINUTES} minutes"
        )
    capacity = [setting(job, name) for name in ("numberOfWorkers", "maxCapacity")]
    if all(value is None for value in capacity) and job.at("command", "name") != "pythonshell":
        yield fails(job, "how much it may cost is left to AWS: no numberOfWorkers or maxCapacity")
    retries = setting(job, "maxRetries")
    if isinstance(retries, Unknown):
        yield unverified(job, "maxRetries is not known yet")
    elif isinstance(retries, int | float) and retries > _MOST_RETRIES:
        yield fails(job, f"a run that cannot succeed is billed again and again: maxRetries is {retries}")
    runs = setting(job, "executionProperty", "maxConcurrentRuns")
    if isinstance(runs, Unknown):
        yield unverified(job, "executionProperty.maxConcurrentRuns is not known yet")
    elif isinstance(runs, int | float) and runs > 1:
        yield fails(
            job, f"{runs} runs may write the same output at once: executionProperty.maxConcurrentRuns"
        )


def _crawls_carefully(graph: Graph, crawler: Resource) -> Iterator[Judgement]:
    del graph
    for name in ("deleteBehavior", "updateBehavior"):
        behaviour = crawler.at("schemaChangePolicy", name)
        if isinstance(behaviour, Unknown):
            yield unverified(crawler, f"schemaChangePolicy.{name} is not known yet")
        elif behaviour != "LOG":
            yield fails(
                crawler, f"may rewrite declared tables: schemaChangePolicy.{name} is {behaviour or 'not set'}"
            )


def _crawls_governed(graph: Graph, crawler: Resource) -> Iterator[Judgement]:
    if not graph.of(Kind.LF_LOCATION):
        return
    targets = crawler.at("catalogTargets")
    listed = [at(target, "tables") for target in items(targets)]
    tables = max(len(listed), sum(len(items(names)) for names in listed))
    lent = setting(crawler, "lakeFormationConfiguration", "useLakeFormationCredentials")
    if isinstance(lent, Unknown):
        yield unverified(crawler, "useLakeFormationCredentials is not known yet")
    elif not is_true(lent):
        if _over_registered(graph, crawler):
            yield fails(crawler, "crawls past Lake Formation: useLakeFormationCredentials is off")
    elif tables > 1:
        yield fails(crawler, f"AWS lends a crawler one table of the catalog, not {tables}")
    elif any(isinstance(value, Unknown) for value in (targets, *listed)):
        yield unverified(crawler, "how many tables of the catalog it crawls is not known yet")
    elif not _over_registered(graph, crawler):
        yield fails(crawler, "nothing it crawls is registered with Lake Formation, which lends it nothing")


def _over_registered(graph: Graph, crawler: Resource) -> bool:
    """Whether some target may lie in a registered place; one that nobody can tell here counts as such."""
    if any(isinstance(location.at("arn"), Unknown) for location in graph.of(Kind.LF_LOCATION)):
        return True
    paths, targets = crawler.at("s3Targets"), crawler.at("catalogTargets")
    if isinstance(paths, Unknown) or isinstance(targets, Unknown):
        return True
    places = list(crawled(graph, crawler))
    wanted = len(items(paths)) + sum(len(items(at(target, "tables"))) for target in items(targets))
    return len(places) < wanted or any(
        not isinstance(place, str) or overlaps_registered(graph, place) for place in places
    )


def _triggers(graph: Graph, trigger: Resource) -> Iterator[Judgement]:
    del graph
    kind = setting(trigger, "type")
    if isinstance(kind, Unknown):
        yield unverified(trigger, "the type of the trigger is not known yet")
    elif kind == "EVENT":
        if setting(trigger, "enabled") is not False or is_true(setting(trigger, "startOnCreation")):
            yield fails(
                trigger, "an EVENT trigger cannot be started: set enabled to false, no startOnCreation"
            )
        if setting(trigger, "eventBatchingConditions") in (None, []):
            yield fails(trigger, "an EVENT trigger needs eventBatchingConditions")
    elif kind == "ON_DEMAND" and setting(trigger, "enabled") is not False:
        yield fails(trigger, "an ON_DEMAND trigger runs as soon as it is created: set enabled to false")
    elif kind == "CONDITIONAL":
        conditions = items(trigger.at("predicate", "conditions"))
        if not conditions:
            yield fails(trigger, "a CONDITIONAL trigger without conditions never fires")
        for condition in (c for c in conditions if isinstance(c, dict)):
            wanted = "crawlState" if condition.get("crawlerName") else "state"
            if condition.get(wanted) is None:
                yield fails(trigger, f"one of its conditions has no {wanted}, which AWS refuses")
    crawlers = sum(1 for action in items(setting(trigger, "actions")) if at(action, "crawlerName"))
    if crawlers > _CRAWLERS_A_TRIGGER:
        yield fails(trigger, f"AWS lets a trigger start {_CRAWLERS_A_TRIGGER} crawlers, not {crawlers}")


def _no_endpoints(graph: Graph) -> Iterator[Judgement]:
    for endpoint in graph.of(Kind.GLUE_DEV_ENDPOINT):
        if graph.is_temporary:
            yield passes(endpoint)
        else:
            yield fails(endpoint, "whoever reaches it runs code under its role, with no job in between")


_JOB, _CRAWLER = frozenset({Kind.GLUE_JOB}), frozenset({Kind.GLUE_CRAWLER})
_TRIGGER, _ENDPOINT = frozenset({Kind.GLUE_TRIGGER}), frozenset({Kind.GLUE_DEV_ENDPOINT})

CONTROLS = (
    Control(
        id="DL-GLUE-08",
        name="glue-job-no-secret-args",
        title="Arguments of jobs and triggers hold no secrets",
        severity=Severity.CRITICAL,
        category=Category.ENCRYPTION,
        why="Arguments are shown in the console, in logs and by glue:GetJob.",
        fix="Pass the name of a secret, and read it in the job.",
        judge=each(_no_secret_arguments, Kind.GLUE_JOB, Kind.GLUE_TRIGGER),
        kinds=_JOB | _TRIGGER,
        alone=_JOB | _TRIGGER,
    ),
    Control(
        id="DL-GLUE-09",
        name="glue-job-logging",
        title="Jobs log and measure while they run",
        severity=Severity.MEDIUM,
        category=Category.AUDIT,
        why="Without continuous logs and metrics a job that hangs or dies leaves nothing to read.",
        fix='Set --enable-continuous-cloudwatch-log and --enable-metrics to "true" in defaultArguments.',
        judge=each(_logs, Kind.GLUE_JOB),
        kinds=_JOB,
        alone=_JOB,
    ),
    Control(
        id="DL-GLUE-10",
        name="glue-job-version",
        title="Spark jobs run on a supported version of Glue",
        severity=Severity.MEDIUM,
        category=Category.GOVERNANCE,
        why="Versions before 4.0 get no security updates and are being switched off.",
        fix="Set glueVersion to 5.0 or later.",
        judge=each(_version, Kind.GLUE_JOB),
        kinds=_JOB,
        alone=_JOB,
        anchors=("Glue.4",),
    ),
    Control(
        id="DL-GLUE-11",
        name="glue-job-bounds",
        title="Jobs are bounded in time, workers, retries and concurrent runs",
        severity=Severity.MEDIUM,
        category=Category.COST,
        why="A hung job is billed until its timeout, which is 2 days unless set; two runs overwrite "
        "each other.",
        fix="Set timeout (minutes), numberOfWorkers with workerType, maxRetries of 3 at most, and "
        "executionProperty.maxConcurrentRuns 1.",
        judge=each(_bounded, Kind.GLUE_JOB),
        kinds=_JOB,
        alone=_JOB,
    ),
    Control(
        id="DL-GLUE-13",
        name="glue-crawler-keeps-schema",
        title="Crawlers report drift instead of rewriting declared tables",
        severity=Severity.MEDIUM,
        category=Category.GOVERNANCE,
        why="By default a crawler overwrites definitions and drops what it does not see.",
        fix="Set schemaChangePolicy.updateBehavior and deleteBehavior to LOG.",
        judge=each(_crawls_carefully, Kind.GLUE_CRAWLER),
        kinds=_CRAWLER,
        alone=_CRAWLER,
    ),
    Control(
        id="DL-GLUE-14",
        name="glue-crawler-lf-credentials",
        title="Crawlers read registered locations with Lake Formation's credentials, one table each",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="With S3 rights of its own a crawler reads past Lake Formation, which lends a crawler one "
        "catalog table: a run over several fails.",
        fix="Set lakeFormationConfiguration.useLakeFormationCredentials to true and give each table of the "
        "catalog a crawler of its own.",
        judge=each(_crawls_governed, Kind.GLUE_CRAWLER),
        kinds=_CRAWLER | {Kind.LF_LOCATION, Kind.GLUE_TABLE},
    ),
    Control(
        id="DL-GLUE-15",
        name="glue-trigger-sound",
        title="Triggers are of a form that AWS takes and that starts nothing by itself",
        severity=Severity.MEDIUM,
        category=Category.RESILIENCE,
        why="Some forms only fail on a later update or when they fire; others start the workflow during the "
        "deployment.",
        fix="Set enabled to false on EVENT and ON_DEMAND triggers, batch events, give each condition a "
        "state, and start no more than two crawlers by one trigger.",
        judge=each(_triggers, Kind.GLUE_TRIGGER),
        kinds=_TRIGGER,
        alone=_TRIGGER,
    ),
    Control(
        id="DL-GLUE-16",
        name="glue-no-dev-endpoint",
        title="Lasting stacks have no development endpoints",
        severity=Severity.HIGH,
        category=Category.GOVERNANCE,
        why="A development endpoint is a shell with a pipeline's role: the classic way up in Glue.",
        fix="Remove it; develop in interactive sessions under the developer's own role.",
        judge=_no_endpoints,
        kinds=_ENDPOINT,
        alone=_ENDPOINT,
    ),
)
