"""What a query demands of each scanned table, as far as it can be decided before reading a row.

Only conditions that every output row must meet count: conjuncts of WHERE and of inner joins, passed down
through subqueries that merely rename. A table on the optional side of an outer join takes only conditions
that NULL fails.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.scope import Scope, traverse_scope

_VOLATILE = ("random", "rand")
_REJECTING = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Like)


@dataclass(frozen=True)
class Demand:
    """The conditions on one scan, over columns qualified with `alias`."""

    alias: str
    conditions: tuple[exp.Expr, ...]


def demands(tree: exp.Expr, scans: Iterable[str]) -> dict[str, Demand]:
    """Return the conditions that the rows of each scan must meet."""
    scopes = traverse_scope(tree)
    mentions = Counter(id(source) for scope in scopes for source in scope.sources.values())
    wanted = set(scans)
    found: dict[str, Demand] = {}
    handed: dict[int, list[exp.Expr]] = {}
    for scope in reversed(scopes):
        conditions = [*_conditions(scope), *handed.get(id(scope), [])]
        for name, source in scope.sources.items():
            mine = [condition for condition in conditions if _concerns(condition, name)]
            if _optional(scope, name):
                mine = [condition for condition in mine if _rejects_null(condition)]
            mine += _own_join(scope, name)
            if isinstance(source, exp.Table):
                if source.name in wanted:
                    found[source.name] = Demand(name, tuple(mine))
            elif mentions[id(source)] == 1 and _transparent(source):
                handed[id(source)] = [_inside(condition, source) for condition in mine]
    return found


def used_columns(tree: exp.Expr, scans: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return the columns of each scan that the query really reads."""
    pruned = pushdown_projections(tree.copy())
    wanted = set(scans)
    found: dict[str, set[str]] = {name: set() for name in wanted}
    for scope in traverse_scope(pruned):
        names = {
            alias: source.name
            for alias, source in scope.sources.items()
            if isinstance(source, exp.Table) and source.name in wanted
        }
        for column in scope.columns:
            if column.table in names:
                found[names[column.table]].add(column.name)
    return {name: frozenset(columns) for name, columns in found.items()}


def necessary(condition: exp.Expr, columns: frozenset[str]) -> exp.Expr | None:
    """Return what a condition implies about the given columns alone; None when that is nothing."""
    if isinstance(condition, exp.Paren):
        return necessary(condition.this, columns)
    if isinstance(condition, exp.And):
        parts = [
            part for part in (necessary(side, columns) for side in (condition.left, condition.right)) if part
        ]
        return exp.and_(*parts) if parts else None
    if isinstance(condition, exp.Or):
        left, right = (necessary(side, columns) for side in (condition.left, condition.right))
        return exp.or_(left, right) if left and right else None
    mentioned = {column.name for column in condition.find_all(exp.Column)}
    return condition.copy() if mentioned and mentioned <= columns else None


def equalities(conditions: Iterable[exp.Expr], column: str) -> tuple[str, ...]:
    """Return the literals of which a column must equal one, by `=` or IN; empty without such a condition."""
    for condition in conditions:
        if isinstance(condition, exp.EQ):
            sides = (condition.left, condition.right)
            for side, other in (sides, sides[::-1]):
                if isinstance(side, exp.Column) and side.name == column and isinstance(other, exp.Literal):
                    return (other.name,)
        if isinstance(condition, exp.In) and isinstance(condition.this, exp.Column):
            values = condition.expressions
            if condition.this.name == column and values and all(isinstance(v, exp.Literal) for v in values):
                return tuple(value.name for value in values)
    return ()


def _conditions(scope: Scope) -> list[exp.Expr]:
    query = scope.expression
    if not isinstance(query, exp.Select):
        return []
    where = query.args.get("where")
    found = list(_conjuncts(where.this)) if where else []
    for join in query.args.get("joins") or []:
        if not join.side and join.args.get("on") is not None:
            found += _conjuncts(join.args["on"])
    return [condition for condition in found if _decidable(condition)]


def _conjuncts(condition: exp.Expr) -> Iterable[exp.Expr]:
    plain = condition.unnest()
    return plain.flatten() if isinstance(plain, exp.And) else (plain,)


def _decidable(condition: exp.Expr) -> bool:
    if condition.find(exp.Query, exp.Window, exp.AggFunc):
        return False
    return not any(call.name.lower() in _VOLATILE for call in condition.find_all(exp.Anonymous))


def _concerns(condition: exp.Expr, name: str) -> bool:
    tables = {column.table for column in condition.find_all(exp.Column)}
    return tables == {name}


def _optional(scope: Scope, name: str) -> bool:
    """Whether an outer join may fill the source's columns with NULL."""
    joins = scope.expression.args.get("joins") or []
    names = [join.this.alias_or_name for join in joins]
    place = names.index(name) if name in names else -1
    if place >= 0 and joins[place].side in ("LEFT", "FULL"):
        return True
    return any(join.side in ("RIGHT", "FULL") for join in joins[place + 1 :])


def _own_join(scope: Scope, name: str) -> list[exp.Expr]:
    """Conditions in the ON of the source's own LEFT JOIN: a row that fails them joins nothing."""
    for join in scope.expression.args.get("joins") or []:
        if join.side == "LEFT" and join.this.alias_or_name == name and join.args.get("on") is not None:
            found = _conjuncts(join.args["on"])
            return [each for each in found if _decidable(each) and _concerns(each, name)]
    return []


def _rejects_null(condition: exp.Expr) -> bool:
    operands = list(condition.iter_expressions())
    return (
        isinstance(condition, _REJECTING)
        and all(isinstance(operand, (exp.Column, exp.Literal, exp.Cast)) for operand in operands)
        and isinstance(operands[0], exp.Column)
    )


def _transparent(scope: Scope) -> bool:
    """Whether a condition on a subquery's output is one on its input: it only filters and renames."""
    query = scope.expression
    if not isinstance(query, exp.Select) or scope.is_udtf:
        return False
    if any(query.args.get(part) for part in ("group", "having", "limit", "offset", "distinct", "qualify")):
        return False
    return not any(select.find(exp.AggFunc, exp.Window, exp.Query, exp.Anonymous) for select in query.selects)


def _inside(condition: exp.Expr, source: Scope) -> exp.Expr:
    query = source.expression
    selects = query.selects if isinstance(query, exp.Query) else []
    outputs: Mapping[str, exp.Expr] = {select.alias_or_name: select.unalias() for select in selects}

    def replace(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in outputs:
            return outputs[node.name].copy()
        return node

    return condition.copy().transform(replace)
