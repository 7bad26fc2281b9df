"""The pipeline's SQL, written in DuckDB's dialect, as Spark SQL that means the same, ANSI mode or not.

sqlglot translates; what it leaves alone or gets wrong for this pipeline's values is rewritten here first.
Each rewrite stands for a difference that changes results.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import sqlglot
from sqlglot import exp

from etl.contract import load, names
from etl.market import FIRST_YEAR, Market

# Spark's text of a decimal is scientific below a millionth unless ANSI mode is on; this is DuckDB's.
_DECIMAL_TEXT = """concat(CASE WHEN v < 0 THEN '-' ELSE '' END,
  CAST(CAST(abs(v) * 1000000 AS BIGINT) DIV 1000000 AS STRING), '.',
  lpad(CAST(CAST(abs(v) * 1000000 AS BIGINT) % 1000000 AS STRING), 6, '0'))"""

# The whole number of millionths, rounded half away from zero; decimals of 38 digits hold it exactly.
_EXACT_RATIO = """CASE WHEN b = 0 THEN NULL ELSE
  CAST(CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END * (
    (CAST(2000000 AS DECIMAL(7,0))
        * CAST(abs(CAST(a AS DECIMAL(30,6))) * CAST(1000000 AS DECIMAL(7,0)) AS DECIMAL(30,0))
      + CAST(abs(CAST(b AS DECIMAL(30,6))) * CAST(1000000 AS DECIMAL(7,0)) AS DECIMAL(30,0)))
    DIV (CAST(2 AS DECIMAL(1,0))
      * CAST(abs(CAST(b AS DECIMAL(30,6))) * CAST(1000000 AS DECIMAL(7,0)) AS DECIMAL(30,0)))
  ) AS DECIMAL(30,0)) * CAST(0.000001 AS DECIMAL(6,6)) END"""

_TIME_FORMATS = {"%Y-%m-%dT%H:%M:%S.%fZ": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"}
_EPOCH_US = "unix_micros(CAST(v AS TIMESTAMP))"


class Dialect:
    """Translates the SQL of one market, whose clock is written into it."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.known: dict[str, str] = {}
        self.rewrites: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr | None]] = {
            exp.DayOfWeekIso: self._weekday,
            exp.TimeToStr: self._time_text,
            exp.Cast: self._cast,
        }
        self.macros: dict[str, tuple[Sequence[str], exp.Expr]] = {
            "epoch_us": (("v",), _template(_EPOCH_US)),
            "exact_ratio": (("a", "b"), _template(_EXACT_RATIO)),
            "market_offset": (("t",), _template(_offset_sql(market))),
        }
        self.macros["market_local"] = (
            ("t",),
            self._rewrite(_parse("t + market_offset(t) * INTERVAL '1' MINUTE")),
        )
        self.macros["market_peak"] = (("t",), self._rewrite(_parse(market.peak_sql("t"))))

    def sql(self, text: str) -> str:
        """Translate one SELECT."""
        known = self.known.get(text)
        if known is None:
            known = self.known[text] = self.condition(text)
        return known

    def condition(self, text: str) -> str:
        """Translate one expression."""
        return self._rewrite(_parse(text)).sql(dialect="spark", comments=False)

    def _rewrite(self, tree: exp.Expr) -> exp.Expr:
        return tree.transform(self._node)

    def _node(self, node: exp.Expr) -> exp.Expr:
        """Return what stands for a node; what replaces one is not looked into again."""
        if isinstance(node, exp.Anonymous) and node.name.lower() in self.macros:
            parameters, body = self.macros[node.name.lower()]
            arguments = [self._rewrite(a) for a in node.expressions]
            return exp.Paren(this=_fill(body, dict(zip(parameters, arguments, strict=True))))
        rewrite = self.rewrites.get(type(node))
        if rewrite is not None and (rewritten := rewrite(node)) is not None:
            return rewritten
        return node

    def _weekday(self, node: exp.Expr) -> exp.Expr:
        return _fill(_template("(weekday(v) + 1)"), {"v": self._rewrite(node.this)})

    def _time_text(self, node: exp.Expr) -> exp.Expr:
        form = exp.Literal.string(_TIME_FORMATS[node.args["format"].name])
        return exp.Anonymous(this="date_format", expressions=[self._rewrite(node.this), form])

    def _cast(self, node: exp.Expr) -> exp.Expr | None:
        if node.args["to"].is_type("text") and node.this.name in _decimals():
            return _fill(_template(_DECIMAL_TEXT), {"v": node.this})
        return None


def _offset_sql(market: Market) -> str:
    """Spark SQL of the minutes that local time is ahead of UTC at the timestamp `t`."""
    offsets, changes = market.year_table()
    year = f"year(t) - {FIRST_YEAR - 1}"
    at = "unix_micros(CAST(t AS TIMESTAMP))"
    branches = "".join(
        f"WHEN {at} >= get({_folded(instants)}, {year}) THEN {_of_year(offsets[k], year)} "
        for k, instants in reversed(tuple(enumerate(changes, 1)))
    )
    otherwise = _of_year(offsets[0], year)
    return f"CASE {branches}ELSE {otherwise} END" if branches else otherwise


def _of_year(values: Sequence[int], year: str) -> str:
    return f"get({_folded(values)}, {year})" if len(set(values)) > 1 else str(values[0])


def _folded(values: Sequence[int]) -> str:
    """Write an array that is one literal to the analyser and is folded before a row is read."""
    return f"from_json('[{','.join(map(str, values))}]', 'array<bigint>')"


def _parse(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="duckdb")


@cache
def _template(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="spark")


def _fill(body: exp.Expr, values: Mapping[str, exp.Expr]) -> exp.Expr:
    """Copy a macro's body with its parameters, which are columns in it, replaced."""

    def node(found: exp.Expr) -> exp.Expr:
        if isinstance(found, exp.Column) and not found.table and found.name in values:
            value = values[found.name].copy()
            return value if isinstance(value, (exp.Column, exp.Literal, exp.Func)) else exp.Paren(this=value)
        return found

    return body.copy().transform(node)


@cache
def _decimals() -> frozenset[str]:
    """Names of the columns that hold decimals, in all contracts."""
    return frozenset(f.name for n in names() for f in load(n).fields if f.type.startswith("decimal"))
