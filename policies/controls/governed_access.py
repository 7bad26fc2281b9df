"""Lake Formation against the ways around it: engines outside, unregistered places, direct rights on S3."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    lacks_account_setting,
    not_applicable,
    settle,
    unverified,
)
from policies.controls.settings import both, each, off, setting
from policies.graph.arns import covers, local_name, parse_arn
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Resource
from policies.graph.principals import Identities, identities
from policies.graph.values import Unknown, is_true, items

_READ = "s3:GetObject"
_BORROW = "lakeformation:GetDataAccess"
_READING = frozenset({"SELECT", "ALL", "SUPER"})


def locations(graph: Graph) -> tuple[str, ...]:
    """Return the registered places as `bucket/prefix`, without an ending slash."""
    paths = []
    for location in graph.of(Kind.LF_LOCATION):
        arn = parse_arn(str(location.at("arn")))
        if arn is not None:
            paths.append(arn.resource.rstrip("/"))
    return tuple(paths)


def _bare(uri: str) -> str:
    return uri.partition("://")[2].rstrip("/")


def overlaps_registered(graph: Graph, uri: str) -> bool:
    """Whether an address `s3://bucket/prefix` is in a registered place, or has one under it."""
    path = f"{_bare(uri)}/"
    return any(
        path.startswith(f"{place}/") or f"{place}/".startswith(path) for place in graph.derived(locations)
    )


def _registered(graph: Graph) -> Iterator[Judgement]:
    registered = graph.derived(locations)
    open_ended = any(isinstance(r.at("arn"), Unknown) for r in graph.of(Kind.LF_LOCATION))
    for holder, path in (
        *((database, ("locationUri",)) for database in graph.of(Kind.GLUE_DATABASE)),
        *((table, ("storageDescriptor", "location")) for table in graph.of(Kind.GLUE_TABLE)),
    ):
        uri = setting(holder, *path)
        if not graph.of(Kind.LF_LOCATION):
            yield not_applicable(holder, "the stack registers nothing with Lake Formation")
        elif isinstance(uri, Unknown):
            yield unverified(holder, f"{'.'.join(path)} is not known yet")
        elif not isinstance(uri, str) or not uri.startswith("s3://"):
            yield not_applicable(holder, "it has no place in S3")
        elif any(_bare(uri) == place or _bare(uri).startswith(f"{place}/") for place in registered):
            yield from settle(holder, ())
        elif open_ended:
            yield unverified(holder, "a registered location is not known yet")
        else:
            yield fails(holder, f"{uri} is not registered: IAM alone decides who reads what lies there")


def _granted(graph: Graph) -> dict[str, list[Resource]]:
    """Return the roles of the stack that Lake Formation lets read tables, with the grants that do."""
    found: dict[str, list[Resource]] = {}
    for grant in graph.of(Kind.LF_PERMISSIONS):
        permissions = {str(p).upper() for p in items(grant.at("permissions"))}
        if not permissions & _READING:
            continue
        role = graph.follow(grant, "principal", Kind.ROLE).target
        if role is not None:
            found.setdefault(role.urn, []).append(grant)
    return found


def _workers(graph: Graph) -> frozenset[str]:
    """Return the roles that may hold S3 rights of their own: jobs write, locations lend.

    A crawler reads by its own rights unless Lake Formation lends it what it crawls.
    """
    pairs = (
        (Kind.GLUE_JOB, "roleArn"),
        (Kind.GLUE_CRAWLER, "role"),
        (Kind.LF_LOCATION, "roleArn"),
        (Kind.FUNCTION, "role"),
    )
    targets = (
        graph.follow(r, prop, Kind.ROLE).target
        for kind, prop in pairs
        for r in graph.of(kind)
        if not is_true(r.at("lakeFormationConfiguration", "useLakeFormationCredentials"))
    )
    return frozenset(target.urn for target in targets if target is not None)


def _no_bypass(graph: Graph) -> Iterator[Judgement]:
    found, registered, workers = graph.derived(identities), graph.derived(locations), _workers(graph)
    for urn in graph.derived(_granted):
        role = graph.by_urn[urn]
        if urn in workers:
            yield not_applicable(role, "a job, a crawler in its own name or a location runs under it")
        else:
            yield from settle(role, _bypasses(found, role, registered))


def _bypasses(found: Identities, role: Resource, registered: tuple[str, ...]) -> Iterator[Judgement]:
    effective = found.effective[role.urn]
    for grant in effective.grants:
        if grant.document.has_unknown:
            yield unverified(grant.holder, f"{grant.label} of {role.name} is not known yet")
    for grant, statement in effective.speaking_of(_READ):
        for resource in statement.known(statement.resources):
            place = next((p for p in registered if _overlaps(resource, p)), None)
            if place is not None and effective.permits(_READ, resource):
                text = f"{statement.label} lets {role.name} read {resource} from S3, past the grants, filters"
                yield fails(
                    grant.holder,
                    f"{text} and tags that Lake Formation has for it on {place}",
                    f"Drop {_READ} on {place} from {statement.label}: {_BORROW} is what it needs.",
                )


def _overlaps(pattern: str, path: str) -> bool:
    """Whether an ARN pattern of objects takes in objects under a registered path."""
    arn = parse_arn(pattern)
    text = "*" if pattern == "*" else arn.resource if arn is not None and arn.service in ("s3", "*") else None
    if text is None:
        return False
    return covers(text, f"{path}/any/object") or text.startswith(f"{path}/")


def _can_borrow(graph: Graph) -> Iterator[Judgement]:
    found = graph.derived(identities)
    for urn in graph.derived(_granted):
        role, effective = graph.by_urn[urn], found.effective[urn]
        if any(effective.speaking_of(_BORROW)) and effective.permits(_BORROW, "*"):
            yield from settle(role, ())
        elif any(grant.document.has_unknown for grant in effective.grants) or _holds_foreign(found, role):
            yield unverified(role, f"whether it holds {_BORROW} hangs on policies that cannot be read here")
        else:
            yield fails(role, f"has grants on tables but not {_BORROW}: its queries are refused")


def _holds_foreign(found: Identities, role: Resource) -> bool:
    return any(
        role.urn in {p.urn for p in attachment.principals} and attachment.reference.target is None
        for attachment in found.attachments
    )


def _no_admin_grants(graph: Graph) -> Iterator[Judgement]:
    admins = {
        local_name(str(admin))
        for settings in graph.of(Kind.LF_SETTINGS)
        for admin in items(settings.at("admins"))
        if isinstance(admin, str)
    }
    for grant in graph.of(Kind.LF_PERMISSIONS):
        principal = setting(grant, "principal")
        if isinstance(principal, str) and local_name(principal) in admins:
            name = local_name(principal)
            yield fails(
                grant,
                f"grants to {name}, an administrator, who has it anyway: it drifts and cannot be undone",
            )
        elif isinstance(principal, Unknown) and not graph.dependencies_of(grant, "principal", Kind.ROLE):
            yield unverified(grant, "principal is not known yet and leads to no role of the stack")
        else:
            yield from settle(grant, ())


def _administered(graph: Graph) -> Iterator[Judgement]:
    for settings in graph.of(Kind.LF_SETTINGS):
        admins = setting(settings, "admins")
        if isinstance(admins, Unknown) or items(admins):
            yield from settle(settings, ())
        else:
            yield fails(settings, "names no administrator: nobody can mend the grants of the lake")
    for location in () if graph.of(Kind.LF_SETTINGS) else graph.of(Kind.LF_LOCATION):
        yield lacks_account_setting(
            location, "is governed by settings that this stack does not make: it names no administrator"
        )


_external = each(
    both(
        off("engines outside get whole tables", "allowExternalDataFiltering"),
        off("engines outside read past the grants", "allowFullTableExternalDataAccess"),
    ),
    Kind.LF_SETTINGS,
)

_SETTINGS, _GRANTS = frozenset({Kind.LF_SETTINGS}), frozenset({Kind.LF_PERMISSIONS})
_DOCUMENTS = frozenset({Kind.ROLE, Kind.ROLE_POLICY, Kind.MANAGED_POLICY})

CONTROLS = (
    Control(
        id="DL-LF-05",
        name="lf-external-filtering",
        title="No engine outside AWS filters the lake's data itself",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="With external filtering the engine gets whole tables and is trusted to hide what it must.",
        fix="Set allowExternalDataFiltering and allowFullTableExternalDataAccess to false.",
        judge=_external,
        kinds=_SETTINGS,
        alone=_SETTINGS,
    ),
    Control(
        id="DL-LF-06",
        name="lf-registered-locations",
        title="Places that catalog databases and tables name are registered with Lake Formation",
        severity=Severity.HIGH,
        category=Category.GOVERNANCE,
        why="On an unregistered place Lake Formation's grants mean nothing.",
        fix="Declare a lakeformation Resource for the place, with the role that reads it.",
        judge=_registered,
        kinds=frozenset({Kind.GLUE_DATABASE, Kind.GLUE_TABLE, Kind.LF_LOCATION}),
    ),
    Control(
        id="DL-LF-07",
        name="lf-no-bypass-by-s3",
        title="Readers that Lake Formation grants tables to have no rights of their own on the objects",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="s3:GetObject on the files reads every row and column, whatever the grants hide.",
        fix="Drop s3:GetObject on registered locations; lakeformation:GetDataAccess is enough.",
        judge=_no_bypass,
        kinds=_GRANTS | _DOCUMENTS | {Kind.LF_LOCATION},
    ),
    Control(
        id="DL-LF-08",
        name="lf-readers-can-borrow",
        title="Roles with grants on tables may ask Lake Formation for access",
        severity=Severity.MEDIUM,
        category=Category.GOVERNANCE,
        why="A grant without lakeformation:GetDataAccess is refused on the first query.",
        fix="Allow lakeformation:GetDataAccess on * to the role.",
        judge=_can_borrow,
        kinds=_GRANTS | _DOCUMENTS,
    ),
    Control(
        id="DL-LF-09",
        name="lf-no-grants-to-admins",
        title="Administrators of the lake get no grants",
        severity=Severity.LOW,
        category=Category.RESILIENCE,
        why="An administrator's implicit rights answer for the grant: it drifts, and its removal fails.",
        fix="Remove the grant, or the administrator.",
        judge=_no_admin_grants,
        kinds=_GRANTS | _SETTINGS,
    ),
    Control(
        id="DL-LF-11",
        name="lf-has-admins",
        title="The lake has administrators",
        severity=Severity.LOW,
        category=Category.RESILIENCE,
        why="Without one, whoever may change IAM makes itself administrator; without settings IAM decides "
        "alone.",
        fix="Name a deployment or steward role in admins of DataLakeSettings; where another stack does, "
        "name it as account_settings_of in policies/profiles/stacks.yaml.",
        judge=_administered,
        kinds=_SETTINGS | {Kind.LF_LOCATION},
        of_account=True,
    ),
)
