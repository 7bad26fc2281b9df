"""Lake Formation: administrators, grants, and the roles that locations are read under."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    passes,
    settle,
    unverified,
)
from policies.controls.settings import setting
from policies.graph.arns import has_wildcard, local_name, parse_arn
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.values import Unknown, Value, at, is_true, items

_EVERY_IAM_PRINCIPAL = ("IAM_ALLOWED_PRINCIPALS", "IAMPrincipals")
_DEFAULTS = ("createDatabaseDefaultPermissions", "createTableDefaultPermissions")
_SUPER = ("ALL", "SUPER", "SUPER_USER")
_FEW = 5


def _each(
    graph: Graph, kind: Kind, judge: Callable[[Graph, Resource], Iterator[Judgement]]
) -> Iterator[Judgement]:
    for resource in graph.of(kind):
        yield from settle(resource, judge(graph, resource))


def _is_everybody(principal: object) -> bool:
    return isinstance(principal, str) and principal.rpartition(":")[2] in _EVERY_IAM_PRINCIPAL


def _no_allowed_principals(graph: Graph) -> Iterator[Judgement]:
    yield from _each(graph, Kind.LF_SETTINGS, _defaults)
    for grant in graph.of(Kind.LF_PERMISSIONS):
        principal = grant.at("principal")
        if isinstance(principal, Unknown) and not graph.dependencies_of(grant, "principal", Kind.ROLE):
            yield unverified(grant, "principal is not known yet and leads to no role of the stack")
        elif _is_everybody(principal):
            yield fails(grant, f"grants to {principal}: whoever IAM lets in, past Lake Formation")
        else:
            yield passes(grant)


def _defaults(graph: Graph, settings: Resource) -> Iterator[Judgement]:
    del graph
    for prop in _DEFAULTS:
        value = settings.at(prop)
        if isinstance(value, Unknown):
            yield unverified(settings, f"{prop} is not known yet")
        elif value is None:
            yield fails(settings, f"{prop} is not set, so new ones are open to IAM_ALLOWED_PRINCIPALS")
        for entry in items(value):
            if _is_everybody(at(entry, "principal")):
                yield fails(settings, f"{prop} opens every new one to {at(entry, 'principal')}")


def _bounded_grants(graph: Graph, grant: Resource) -> Iterator[Judgement]:
    del graph
    permissions, options = grant.at("permissions"), grant.at("permissionsWithGrantOptions")
    for prop, value in (("permissions", permissions), ("permissionsWithGrantOptions", options)):
        if isinstance(value, Unknown) and grant.declares(prop):
            yield unverified(grant, f"{prop} is not known yet")
    wide = [str(item) for item in items(permissions) if str(item).upper() in _SUPER]
    if wide:
        yield fails(grant, f"grants {wide[0]}, which includes dropping and granting on")
    if not isinstance(options, Unknown) and items(options):
        passed_on = ", ".join(str(item) for item in items(options))
        yield fails(grant, f"lets its principal grant {passed_on} to others")


def _location_role(graph: Graph, location: Resource) -> Iterator[Judgement]:
    role = location.at("roleArn")
    if is_true(location.at("hybridAccessEnabled")):
        yield fails(location, "hybrid access is on: principals who did not opt in still read by IAM alone")
    if isinstance(role, Unknown):
        if graph.follow(location, "roleArn", Kind.ROLE).join is Join.UNKNOWN:
            yield unverified(location, "roleArn is not known yet and leads to no role of the stack")
    elif not role or is_true(location.at("useServiceLinkedRole")) or "aws-service-role/" in str(role):
        yield fails(location, "is read under the service-linked role, which cannot use a customer key safely")


def _bounded_admins(graph: Graph, settings: Resource) -> Iterator[Judgement]:
    admins = settings.at("admins")
    if isinstance(admins, Unknown) and settings.declares("admins"):
        yield unverified(settings, "admins are not known yet")
        return
    workers = _pipeline_roles(graph)
    if len(items(admins)) > _FEW:
        text = f"has {len(items(admins))} administrators, more than {_FEW}: nobody can say who decides"
        yield fails(settings, text)
    for admin in items(admins):
        if isinstance(admin, Unknown):
            known = graph.dependencies_of(settings, "admins", Kind.ROLE, Kind.USER)
            if not known:
                text = "an administrator is not known yet and leads to no role of the stack"
                yield unverified(settings, text)
            for role in (role for role in known if role.urn in workers.values()):
                yield fails(settings, f"makes {role.name} an administrator, a role that jobs run under")
            continue
        if not isinstance(admin, str):
            continue
        arn = parse_arn(admin)
        if has_wildcard(admin) or (arn is not None and arn.resource == "root"):
            yield fails(
                settings, f"makes {admin} an administrator of the lake, which is nobody in particular"
            )
        elif local_name(admin) in workers:
            yield fails(settings, f"makes {local_name(admin)} an administrator, a role that jobs run under")


def _pipeline_roles(graph: Graph) -> dict[str, str]:
    """Name and URN of each role of the stack that a Glue job or crawler runs under."""
    found = {}
    for kind, prop in ((Kind.GLUE_JOB, "roleArn"), (Kind.GLUE_CRAWLER, "role")):
        for worker in graph.of(kind):
            role = graph.follow(worker, prop, Kind.ROLE).target
            if role is not None:
                name = role.at("name")
                found[name if isinstance(name, str) else role.name] = role.urn
    return found


def _filter_hides(graph: Graph, cells: Resource) -> Iterator[Judgement]:
    del graph
    data = setting(cells, "tableData")
    if isinstance(data, Unknown):
        yield unverified(cells, "tableData is not known yet")
        return
    blocks = [b for b in items(data) if isinstance(b, dict)]
    for block in blocks:
        named, wildcard = block.get("columnNames"), block.get("columnWildcard")
        if bool(named) == (wildcard is not None):
            yield fails(cells, "needs either columnNames or columnWildcard: AWS refuses both and neither")
        rows = block.get("rowFilter")
        if not isinstance(rows, Unknown) and not _says_which_rows(rows):
            yield fails(cells, "does not say which rows pass it: rowFilter has no filterExpression")
        excluded = isinstance(wildcard, dict) and wildcard.get("excludedColumnNames")
        every_row = isinstance(rows, dict) and rows.get("allRowsWildcard") is not None
        if every_row and wildcard is not None and not excluded:
            yield fails(cells, "hides nothing: every row and every column pass it")


def _says_which_rows(rows: Value) -> bool:
    return isinstance(rows, dict) and any(
        rows.get(name) is not None for name in ("filterExpression", "allRowsWildcard")
    )


_SETTINGS = frozenset({Kind.LF_SETTINGS})
_PERMISSIONS = frozenset({Kind.LF_PERMISSIONS})
_LOCATION = frozenset({Kind.LF_LOCATION})

CONTROLS = (
    Control(
        id="DL-LF-01",
        name="lf-no-iam-allowed-principals",
        title="Lake Formation does not wave through whoever IAM allows",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="With IAM_ALLOWED_PRINCIPALS Lake Formation's grants, filters and tags decide nothing.",
        fix="Set both default permissions of the settings to empty lists, and grant to roles by ARN.",
        judge=_no_allowed_principals,
        kinds=_SETTINGS | _PERMISSIONS,
        alone=_SETTINGS | _PERMISSIONS,
    ),
    Control(
        id="DL-LF-02",
        name="lf-no-super",
        title="Lake Formation grants neither everything nor the right to grant on",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="ALL takes in drop and alter; a grant option moves the decision out of this program.",
        fix="List the permissions that the principal needs and drop permissionsWithGrantOptions.",
        judge=lambda graph: _each(graph, Kind.LF_PERMISSIONS, _bounded_grants),
        kinds=_PERMISSIONS,
        alone=_PERMISSIONS,
    ),
    Control(
        id="DL-LF-03",
        name="lf-location-role",
        title="Registered locations are read under a role of their own, by Lake Formation alone",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="The service-linked role has no key of yours; hybrid access leaves the way past the grants open.",
        fix="Set roleArn to a role that may read the location, and leave hybridAccessEnabled off.",
        judge=lambda graph: _each(graph, Kind.LF_LOCATION, _location_role),
        kinds=_LOCATION,
        alone=_LOCATION,
    ),
    Control(
        id="DL-LF-04",
        name="lf-admins-bounded",
        title="Administrators of the lake are named and few, and no job runs as one",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="An administrator grants itself anything; a job that is one turns a bug into a breach.",
        fix="Name a deployment or steward role in admins; keep root and the pipeline's roles out.",
        judge=lambda graph: _each(graph, Kind.LF_SETTINGS, _bounded_admins),
        kinds=_SETTINGS | {Kind.GLUE_JOB, Kind.GLUE_CRAWLER},
    ),
    Control(
        id="DL-LF-10",
        name="lf-cells-filter-hides",
        title="Cell filters are valid and hide something",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="A filter that passes every row and column looks like protection in the list of grants.",
        fix="Name columnNames, or columnWildcard.excludedColumnNames, or a rowFilter.filterExpression; where "
        "every row passes, say so by rowFilter.allRowsWildcard.",
        judge=lambda graph: _each(graph, Kind.LF_CELLS_FILTER, _filter_hides),
        kinds=frozenset({Kind.LF_CELLS_FILTER}),
        alone=frozenset({Kind.LF_CELLS_FILTER}),
    ),
)
