"""Which time zone each `timestamp with time zone` of a query carries.

DuckDB's type holds an instant only; Trino's holds the zone too, and `date(x)` or `hour(x)` are that zone's.
The zone is found statically: it is the literal of `AT TIME ZONE`, carried along through subqueries.
"""

import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from local.athena.errors import QueryError, at
from local.athena.statement import position

KEY = "zone"
_LITERAL_ZONE = re.compile(r"\s([A-Za-z]\w*(?:/[\w+-]+)*|[+-]\d{2}:\d{2})$")
_CARRIERS = {"date_trunc": 1, "date_add": 2, "arbitrary": 0, "any_value": 0, "lag": 0, "lead": 0, "try": 0}


def annotate_zones(tree: exp.Expr, sql: str) -> None:
    """Note on every expression the zone that its value carries, in `meta["zone"]`; absent means UTC.

    Raises:
        QueryError: A zone is not a literal, or no zone of the tz database.

    """
    for scope in traverse_scope(tree):
        for node in reversed(list(scope.expression.walk(bfs=True))):
            if KEY in node.meta:
                continue
            zone = _zone(node, scope, sql)
            if zone:
                node.meta[KEY] = zone


def zone_of(node: exp.Expr) -> str | None:
    """Return the zone noted on an expression."""
    found: str | None = node.meta.get(KEY)
    return found


def _zone(node: exp.Expr, scope: Scope, sql: str) -> str | None:
    if isinstance(node, exp.Column):
        source = scope.sources.get(node.table)
        query = source.expression if isinstance(source, Scope) else None
        return _projected(query, node.name) if isinstance(query, exp.Query) else None
    for kind, rule in _RULES:
        if isinstance(node, kind):
            return rule(node, sql)
    return None


def _called(node: exp.Anonymous, sql: str) -> str | None:
    name = node.name.lower()
    if name in ("at_timezone", "with_timezone"):
        return _named(node.expressions[1], sql)
    carrier = _CARRIERS.get(name)
    return zone_of(node.expressions[carrier]) if carrier is not None else None


def _cast(node: exp.Cast, sql: str) -> str | None:
    if not node.is_type(exp.DType.TIMESTAMPTZ):
        return None
    found = _LITERAL_ZONE.search(node.this.name) if isinstance(node.this, exp.Literal) else None
    return _named(exp.Literal.string(found[1]), sql) if found else zone_of(node.this)


def _scalar(node: exp.Subquery, _sql: str) -> str | None:
    query = node.this
    return zone_of(query.selects[0]) if isinstance(query, exp.Select) and query.selects else None


def _projected(query: exp.Query, name: str) -> str | None:
    selects = query.selects
    return next((zone_of(select) for select in selects if select.alias_or_name == name), None)


def _common(parts: list[exp.Expr]) -> str | None:
    zones = {zone_of(part) for part in parts}
    return zones.pop() if len(zones) == 1 else None


def _named(node: exp.Expr, sql: str) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise QueryError(
            "NOT_SUPPORTED",
            at(sql, position(node), "a time zone that is not a literal is not supported"),
            fix="write the zone as text, e.g. AT TIME ZONE 'Europe/Madrid'",
        )
    name: str = node.name
    offset = re.fullmatch(r"([+-])(\d{2}):00", name)
    if offset:
        hours = int(offset[2])
        return f"Etc/GMT{'-' if offset[1] == '+' else '+'}{hours}" if hours else "UTC"
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise QueryError(
            "INVALID_FUNCTION_ARGUMENT", at(sql, position(node), f"'{name}' is not a valid time zone")
        ) from error
    return name


_RULES: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], Callable[[Any, str], str | None]], ...] = (
    (exp.AtTimeZone, lambda node, sql: _named(node.args["zone"], sql)),
    (exp.Anonymous, _called),
    (exp.Cast, _cast),
    (
        (exp.Alias, exp.Paren, exp.Min, exp.Max, exp.Nullif, exp.Window, exp.Filter),
        lambda node, _sql: zone_of(node.this),
    ),
    ((exp.Add, exp.Sub), lambda node, _sql: zone_of(node.left) or zone_of(node.right)),
    (exp.Subquery, _scalar),
    (
        (exp.Coalesce, exp.If, exp.Case),
        lambda node, _sql: _common([part for part in node.iter_expressions() if KEY in part.meta]),
    ),
)
