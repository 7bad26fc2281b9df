"""Athena's SELECT dialect for sqlglot, with every function call left as the user wrote it.

sqlglot maps functions of many dialects to common nodes, which loses what is Athena's own (`date_diff` counts
whole units, DuckDB's counts boundaries). Here only the calls whose node means the same stay typed.
"""

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.parsers.trino import TrinoParser

from local.athena.functions import PARSED

_SYNTAX = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "LISTAGG")


class _Parser(TrinoParser):
    FUNCTIONS: ClassVar = {
        name: build for name, build in TrinoParser.FUNCTIONS.items() if name.lower() in PARSED
    }
    FUNCTION_PARSERS: ClassVar = {
        name: parse for name, parse in TrinoParser.FUNCTION_PARSERS.items() if name in _SYNTAX
    }


class AthenaQuery(Trino):
    """Trino's dialect as Athena engine version 3 reads a query."""

    PRESERVE_ORIGINAL_NAMES = True
    INDEX_OFFSET = 0  # keep a subscript as it was written; the translation gives it Trino's meaning
    Parser = _Parser


ALLOWED: frozenset[type[exp.Expr]] = frozenset(
    {
        exp.Add, exp.Alias, exp.All, exp.And, exp.Anonymous, exp.Any, exp.Array, exp.AtTimeZone, exp.Avg,
        exp.Between, exp.Boolean, exp.Bracket, exp.CTE, exp.Case, exp.Cast, exp.Coalesce, exp.Column,
        exp.ColumnDef, exp.Count, exp.Cube, exp.CurrentDate, exp.CurrentTimestamp, exp.DPipe, exp.DataType,
        exp.DataTypeParam, exp.Distinct, exp.Div, exp.Dot, exp.EQ, exp.Escape, exp.Except, exp.Exists,
        exp.Extract, exp.Fetch, exp.Filter, exp.From, exp.GT, exp.GTE, exp.Group, exp.GroupConcat,
        exp.GroupingSets, exp.Having, exp.HexString, exp.Identifier, exp.If, exp.IgnoreNulls, exp.In,
        exp.Intersect, exp.Interval, exp.Is, exp.Join, exp.LT, exp.LTE, exp.Lambda, exp.Like, exp.Limit,
        exp.LimitOptions, exp.Literal, exp.Localtimestamp, exp.Max, exp.Min, exp.Mod, exp.Mul, exp.NEQ,
        exp.Neg, exp.Not, exp.Null, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Nullif, exp.Offset, exp.Or,
        exp.Order, exp.Ordered, exp.Paren, exp.RespectNulls, exp.Rollup, exp.Select, exp.Star,
        exp.StrPosition, exp.Sub, exp.Subquery, exp.Substring, exp.Sum, exp.Table, exp.TableAlias,
        exp.TableSample, exp.Trim,
        exp.TryCast, exp.Tuple, exp.Union, exp.Unnest, exp.Values, exp.Var, exp.Where, exp.Window,
        exp.WindowSpec, exp.With, exp.WithinGroup,
    }
)  # fmt: skip
"""The only nodes a query may consist of; whatever else sqlglot can parse is refused by name."""
