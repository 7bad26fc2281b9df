"""One statement as Athena takes it: a query or a read-only catalog command; all else is refused."""

import re
from dataclasses import dataclass
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from local.athena.dialect import ALLOWED, AthenaQuery
from local.athena.errors import QueryError, at
from local.athena.functions import FUNCTIONS, SUPPORTED, Kind

SUPPORTED_STATEMENTS = (
    "SELECT (also WITH, UNION, INTERSECT, EXCEPT), SHOW DATABASES, SHOW TABLES, SHOW COLUMNS, "
    "SHOW PARTITIONS, DESCRIBE, EXPLAIN"
)
_NAME = r"(?:`?\"?([\w-]+)`?\"?\.)?`?\"?([\w-]+)`?\"?"
_COMMANDS: dict[str, re.Pattern[str]] = {
    "databases": re.compile(r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+LIKE\s+'([^']*)')?", re.I),
    "tables": re.compile(r"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+`?\"?([\w-]+)`?\"?)?(?:\s+'([^']*)')?", re.I),
    "columns": re.compile(rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_NAME}", re.I),
    "partitions": re.compile(rf"SHOW\s+PARTITIONS\s+{_NAME}", re.I),
    "describe": re.compile(rf"DESC(?:RIBE)?\s+(?:(?:FORMATTED|EXTENDED)\s+)?{_NAME}", re.I),
}
_EXPLAIN = re.compile(r"EXPLAIN\s+(?!ANALYZE\b)", re.I)
_REFUSED = re.compile(
    r"(CREATE\s+(?:EXTERNAL\s+)?(?:OR\s+REPLACE\s+)?\w+|EXPLAIN\s+ANALYZE|INSERT\s+INTO|DROP\s+\w+|ALTER\s+\w+"
    r"|DELETE\s+FROM|MERGE\s+INTO|MSCK\s+REPAIR|SHOW\s+\w+|\w+)",
    re.I,
)


_FOREIGN: tuple[tuple[type[exp.Expr], tuple[str, ...], str], ...] = (
    (exp.Star, ("except_", "replace", "rename"), "SELECT * with EXCEPT, REPLACE or RENAME"),
    (exp.Distinct, ("on",), "DISTINCT ON"),
    (exp.Table, ("version", "when"), "time travel"),
    (exp.Select, ("into", "locks", "laterals"), "INTO, LATERAL or FOR UPDATE"),
    (exp.Min, ("expressions",), "min(x, n)"),
    (exp.Max, ("expressions",), "max(x, n)"),
)


@dataclass(frozen=True)
class Command:
    """A catalog command: `arguments` are the optional database and the name or pattern."""

    kind: Literal["databases", "tables", "columns", "partitions", "describe"]
    arguments: tuple[str | None, ...]


@dataclass(frozen=True)
class Query:
    """A query as a sqlglot tree and the text it was parsed from; `explain` asks for its plan only."""

    tree: exp.Query
    sql: str
    explain: bool = False


def parse(sql: str) -> Command | Query:
    """Parse exactly one statement.

    Raises:
        QueryError: Nothing, more than one, a syntax error (with line and column), a statement or construct
            that is not supported, a function that is not known.

    """
    text = _without_comments(sql).strip()
    text = text.removesuffix(";").strip()
    if not text:
        raise QueryError("SYNTAX_ERROR", "the statement is empty", fix=f"supported: {SUPPORTED_STATEMENTS}")
    for kind, pattern in _COMMANDS.items():
        found = pattern.fullmatch(text)
        if found:
            return Command(kind, found.groups())  # type: ignore[arg-type]
    explain = _EXPLAIN.match(text)
    query = sql[sql.lower().index("explain") + 7 :] if explain else sql
    body = text[explain.end() :] if explain else text
    if not re.match(r"(SELECT|WITH|\()", body, re.I):
        raise _refused(body)
    return Query(_parse(query), query, bool(explain))


def _parse(sql: str) -> exp.Query:
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect=AthenaQuery) if tree is not None]
    except ParseError as error:
        first = error.errors[0]
        raise QueryError(
            "SYNTAX_ERROR",
            f"line {first['line']}:{first['col']}: {first['description'].rstrip('.')} "
            f"near '{first['highlight']}'",
        ) from error
    except TokenError as error:
        raise QueryError("SYNTAX_ERROR", str(error).splitlines()[0]) from error
    if len(trees) != 1:
        raise QueryError(
            "SYNTAX_ERROR", f"Only one sql statement is allowed. Got {len(trees)}", fix="send them one by one"
        )
    tree = trees[0]
    if not isinstance(tree, exp.Query):
        raise _refused(sql.strip())
    validate(tree, sql)
    return tree


def validate(tree: exp.Expr, sql: str) -> None:
    """Refuse every construct and function that the stand-in does not know.

    Raises:
        QueryError: `NOT_SUPPORTED` or `FUNCTION_NOT_FOUND`, with the construct's name and place.

    """
    for node in tree.walk():
        if type(node) not in ALLOWED:
            raise _unsupported(sql, node, type(node).__name__)
        problem = _misused(node)
        if problem:
            raise _unsupported(sql, node, problem)
        if isinstance(node, exp.Anonymous):
            _check_function(node, sql)


def _misused(node: exp.Expr) -> str | None:
    """Name an argument of an allowed node that Athena does not have."""
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return f"the table function {node.this.name or node.this.sql()}"
    options = node.args.get("limit_options")
    if isinstance(options, exp.LimitOptions) and options.args.get("with_ties"):
        return "WITH TIES"
    for kind, arguments, name in _FOREIGN:
        if isinstance(node, kind) and any(node.args.get(argument) for argument in arguments):
            return name
    return None


def _check_function(node: exp.Anonymous, sql: str) -> None:
    name = node.name.lower()
    function = FUNCTIONS.get(name)
    offset = position(node)
    if function is None:
        raise QueryError(
            "FUNCTION_NOT_FOUND",
            at(sql, offset, f"Function '{name}' not registered"),
            fix=f"supported here: {', '.join(SUPPORTED)}",
        )
    count = len(node.expressions)
    if not function.least <= count <= function.most:
        raise QueryError(
            "FUNCTION_NOT_FOUND", at(sql, offset, f"Unexpected parameters ({count}) for function {name}")
        )
    over = isinstance(node.find_ancestor(exp.Window, exp.Select), exp.Window)
    if function.kind is Kind.WINDOW and not over:
        raise QueryError("MISSING_OVER", at(sql, offset, f"Window function {name} requires an OVER clause"))


def position(node: exp.Expr) -> int | None:
    """Where a node starts in the statement: the smallest offset that any of its parts carries."""
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts, default=None)


def _unsupported(sql: str, node: exp.Expr, construct: str) -> QueryError:
    return QueryError(
        "NOT_SUPPORTED",
        at(sql, position(node), f"{construct} is not supported"),
        fix="use plain SELECT: joins, subqueries, WITH, set operations, GROUP BY, windows, UNNEST, VALUES",
    )


def _refused(text: str) -> QueryError:
    found = _REFUSED.match(text)
    name = re.sub(r"\s+", " ", found[1]).upper() if found else text[:20]
    return QueryError(
        "NOT_SUPPORTED", f"{name} is not supported here", fix=f"supported: {SUPPORTED_STATEMENTS}"
    )


def _without_comments(sql: str) -> str:
    """Return the statement with comments blanked out; quoted text is left alone."""
    pattern = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|--[^\n]*|/\*.*?\*/", re.S)
    return pattern.sub(lambda found: found[1] or " ", sql)
