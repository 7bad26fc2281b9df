"""Redshift's SQL as PostgreSQL takes it: what only places data is left out, what means otherwise rewritten.

PostgreSQL stores rows: it shows what statements mean, never how fast Redshift is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # what it does not know is passed on, and says so itself

_PLACING = (
    exp.DistKeyProperty,
    exp.DistStyleProperty,
    exp.SortKeyProperty,
    exp.EncodeProperty,
    exp.BackupProperty,
)
_ABSENT = re.compile(
    r"\s*(UNLOAD|CREATE\s+EXTERNAL|CREATE\s+MATERIALIZED|CREATE\s+DATASHARE|CREATE\s+LIBRARY|CREATE\s+MODEL"
    r"|VACUUM|ALTER\s+TABLE\s+\S+\s+APPEND|CALL|SHOW)\b",
    re.IGNORECASE,
)
_COPY = re.compile(
    r"""\s*COPY\s+(?P<table>[\w."]+)\s+FROM\s+'(?P<uri>s3://[^']+)'\s+
    IAM_ROLE\s+(?:'(?P<role>[^']+)'|(?P<default>DEFAULT))\s+FORMAT\s+(?:AS\s+)?PARQUET\s*;?\s*""",
    re.IGNORECASE | re.VERBOSE,
)


class StatementError(Exception):
    """A statement failed; the text is what Redshift would say, or that the stand-in lacks something."""


@dataclass(frozen=True)
class Copy:
    """COPY of Parquet objects: the table, the prefix of the objects, the role (None for the default one)."""

    table: str
    uri: str
    role: str | None


def as_copy(sql: str) -> Copy | None:
    """Return what a COPY asks for; None for any other statement. A COPY of another form is an error."""
    if not sql.lstrip().upper().startswith("COPY"):
        return None
    found = _COPY.fullmatch(sql)
    if found is None:
        raise StatementError(
            "The embedded warehouse takes COPY table FROM 's3://...' IAM_ROLE '...' FORMAT AS PARQUET only"
        )
    return Copy(found["table"], found["uri"], found["role"])


def to_postgres(sql: str) -> str:
    """Return one statement for PostgreSQL. Raises StatementError for what does not parse or is not there."""
    if absent := _ABSENT.match(sql):
        raise StatementError(f"The embedded warehouse does not have {' '.join(absent[1].upper().split())}")
    try:
        parsed = [tree for tree in sqlglot.parse(sql, read="redshift") if tree is not None]
    except SqlglotError as error:
        raise StatementError(f"ERROR: syntax error: {_first_line(error)}") from error
    if len(parsed) != 1:
        raise StatementError("ERROR: one statement is expected: send several as a batch")
    (tree,) = parsed
    if isinstance(tree, exp.Command):
        return sql
    if isinstance(tree, exp.Create):
        _plain(tree)
    try:
        return tree.transform(_meaning).sql("postgres", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except (SqlglotError, ValueError) as error:
        raise StatementError(f"The embedded warehouse cannot say this: {_first_line(error)}") from error


def _plain(tree: exp.Create) -> None:
    """Take from a definition what tells Redshift where and how to keep data, and late binding."""
    tree.set("no_schema_binding", None)
    properties = tree.args.get("properties")
    if properties is not None:
        kept = [each for each in properties.expressions if not isinstance(each, _PLACING)]
        properties.set("expressions", kept)
        if not kept:
            tree.set("properties", None)
    for constraint in list(tree.find_all(exp.ColumnConstraint)):
        if isinstance(constraint.args.get("kind"), exp.EncodeColumnConstraint):
            constraint.pop()
    for kind in tree.find_all(exp.DataType):
        if [size.name.upper() for size in kind.expressions] == ["MAX"]:
            kind.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(65_535))])


def _meaning(node: exp.Expression) -> exp.Expression:
    for kind, rewrite in _REWRITES.items():
        if isinstance(node, kind):
            return rewrite(node)
    return node


def _date_diff(node: exp.Expression) -> exp.Expression:
    """Count the boundaries between two moments, as Redshift does, not the time that went by.

    https://docs.aws.amazon.com/redshift/latest/dg/r_DATEDIFF_function.html
    """
    unit = str(node.args["unit"].name if node.args.get("unit") else "day").lower()
    later, earlier = (f"CAST({node.args[side].transform(_meaning).sql('postgres')} AS TIMESTAMP)"
                      for side in ("this", "expression"))  # fmt: skip
    seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
    if unit in seconds:
        ends = [f"EXTRACT(EPOCH FROM DATE_TRUNC('{unit}', {moment}))" for moment in (later, earlier)]
        text = f"({ends[0]} - {ends[1]}) / {seconds[unit]}"
    elif unit == "week":  # Redshift's weeks begin on Sunday
        ends = [f"FLOOR((EXTRACT(EPOCH FROM {m}) / 86400 + 4) / 7)" for m in (later, earlier)]
        text = f"{ends[0]} - {ends[1]}"
    elif unit in ("month", "quarter", "year"):
        many = {"month": 1, "quarter": 3, "year": 12}[unit]
        ends = [
            f"FLOOR((EXTRACT(YEAR FROM {m}) * 12 + EXTRACT(MONTH FROM {m}) - 1) / {many})"
            for m in (later, earlier)
        ]
        text = f"{ends[0]} - {ends[1]}"
    else:
        raise StatementError(f"The embedded warehouse does not have DATEDIFF in {unit}s")
    return _parsed(f"CAST({text} AS BIGINT)")


def _list_agg(node: exp.Expression) -> exp.Expression:
    """Put the order of LISTAGG where PostgreSQL's STRING_AGG takes it."""
    inner = node.this
    if not isinstance(inner, exp.GroupConcat):
        return node
    order = node.expression
    text, separator = inner.this.sql("postgres"), inner.args.get("separator")
    between = separator.sql("postgres") if separator is not None else "''"
    return _parsed(f"STRING_AGG(CAST({text} AS VARCHAR), {between} {order.sql('postgres')})")


def _count_distinct(node: exp.Expression) -> exp.Expression:
    return exp.Count(this=exp.Distinct(expressions=[node.this.copy()]))


_REWRITES: dict[type[exp.Expression], Callable[[exp.Expression], exp.Expression]] = {
    exp.DateDiff: _date_diff,
    exp.TsOrDsDiff: _date_diff,
    exp.WithinGroup: _list_agg,
    exp.ApproxDistinct: _count_distinct,
}


def _parsed(text: str) -> exp.Expression:
    tree = sqlglot.parse_one(text, read="postgres")
    assert isinstance(tree, exp.Expression)
    return tree


def _first_line(error: Exception) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().splitlines()[0]
