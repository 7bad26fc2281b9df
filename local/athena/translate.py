"""A resolved query as DuckDB SQL with Athena's meaning."""

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local.athena.build import call, cast, number, text, typed_call, wall
from local.athena.calls import REWRITES, WALL_CLOCK, subscript, zoned_text
from local.athena.errors import QueryError
from local.athena.functions import FUNCTIONS, VARIANTS
from local.athena.typed import FLOATING, MAX_PRECISION, arithmetic, decimal_of, is_decimal
from local.athena.zones import KEY, zone_of

EXTRACTS = {
    "YEAR": "year", "QUARTER": "quarter", "MONTH": "month", "WEEK": "week", "DAY": "day",
    "DAY_OF_MONTH": "day", "DAY_OF_WEEK": "day_of_week", "DOW": "dow", "DAY_OF_YEAR": "day_of_year",
    "DOY": "doy",
    "YEAR_OF_WEEK": "yow", "YOW": "yow", "HOUR": "hour", "MINUTE": "minute", "SECOND": "second",
}  # fmt: skip
CASTS = {
    exp.DType.DATE: "athena_to_date",
    exp.DType.TIMESTAMP: "athena_to_timestamp",
    exp.DType.TIMESTAMPTZ: "athena_to_timestamptz",
    exp.DType.BOOLEAN: "athena_to_boolean",
    exp.DType.DOUBLE: "athena_to_double",
}
ROUNDED = ("round", "ceil", "ceiling", "floor", "truncate")
INTEGERS = {
    exp.DType.TINYINT: "TINYINT",
    exp.DType.SMALLINT: "SMALLINT",
    exp.DType.INT: "INTEGER",
    exp.DType.BIGINT: "BIGINT",
}


def translate(tree: exp.Expr) -> exp.Expr:
    """Rewrite a copy of an annotated query, innermost expressions first.

    Raises:
        QueryError: A construct that has no equal in DuckDB.

    """
    root = exp.Paren(this=tree.copy())
    for node in reversed(list(root.walk(bfs=True))):
        rewrite = RULES.get(type(node))
        if rewrite is None or node is root:
            continue
        replacement = rewrite(node)
        if replacement is node:
            continue
        if replacement.type is None:
            replacement.type = node.type
        if zone_of(node):
            replacement.meta[KEY] = zone_of(node)
        node.replace(replacement)
    result: exp.Expr = root.this
    return result


def to_sql(tree: exp.Expr) -> str:
    """Translate and print in DuckDB's dialect."""
    printed: str = translate(tree).sql(dialect="duckdb")
    return printed


def _call(node: exp.Anonymous) -> exp.Expr:
    name = node.name.lower()
    function = FUNCTIONS.get(name)
    if function is None:
        return node
    arguments = list(node.expressions)
    if name in REWRITES:
        return REWRITES[name](*arguments)
    if name in WALL_CLOCK and arguments:
        arguments[0] = wall(arguments[0], zone_of(arguments[0]))
    if name == "to_iso8601" and zone_of(arguments[0]):
        raise QueryError(
            "NOT_SUPPORTED", "to_iso8601 of a moment in another zone than UTC", fix="use format_datetime"
        )
    if function.duckdb in VARIANTS:
        return typed_call(function.duckdb, *arguments)
    if name in ROUNDED and is_decimal(node):
        return cast(call(function.duckdb, *arguments), _decimal_sql(node))
    return call(function.duckdb, *arguments)


def _decimal_sql(node: exp.Expr) -> str:
    precision, scale = decimal_of(node) or (MAX_PRECISION, 0)
    return f"DECIMAL({precision}, {scale})"


def _cast(node: exp.Cast) -> exp.Expr:
    target = node.to
    value = _casted(node.this, target)
    if isinstance(node, exp.TryCast):
        return call("try", value)
    return value


def _casted(value: exp.Expr, target: exp.DataType) -> exp.Expr:
    kind = target.this
    if kind in (exp.DType.VARCHAR, exp.DType.CHAR, exp.DType.TEXT):
        spelled = zoned_text(value)
        return call("left", spelled, number(target.expressions[0].name)) if target.expressions else spelled
    if kind in INTEGERS:
        return cast(typed_call("athena_to_bigint", value), INTEGERS[kind])
    if kind in (exp.DType.DATE, exp.DType.TIMESTAMP) and zone_of(value):
        return typed_call(CASTS[kind], wall(value, zone_of(value)))
    if kind in CASTS:
        return typed_call(CASTS[kind], value)
    if kind == exp.DType.FLOAT:
        return cast(typed_call("athena_to_double", value), "FLOAT")
    if kind in (exp.DType.DECIMAL, exp.DType.ARRAY, exp.DType.MAP, exp.DType.STRUCT, exp.DType.VARBINARY):
        return exp.Cast(this=value, to=target.copy())
    raise QueryError("NOT_SUPPORTED", f"CAST to {target.sql('trino').lower()} is not supported")


def _divide(node: exp.Div) -> exp.Expr:
    found = arithmetic(node)
    if found is None:
        return _plain_division(node)
    precision, scale = found
    (_, s1), (_, s2) = decimal_of(node.left) or (0, 0), decimal_of(node.right) or (0, 0)
    numerator = exp.paren(_unscaled(node.left, s1)) * number(10 ** (scale - s1 + s2))
    quotient = call("athena_quotient", numerator, _unscaled(node.right, s2))
    return _scaled(quotient, precision, scale)


def _scaled(whole: exp.Expr, precision: int, scale: int) -> exp.Expr:
    """Return the decimal of which `whole` is the unscaled value."""
    wide = cast(whole, f"DECIMAL({MAX_PRECISION - scale}, 0)")
    unit = number("0." + "0" * (scale - 1) + "1") if scale else number(1)
    return cast(exp.Mul(this=wide, expression=unit), f"DECIMAL({precision}, {scale})")


def _plain_division(node: exp.Div) -> exp.Expr:
    """Divide integers to an integer, doubles to a double; where types are not known, DuckDB chooses."""
    if node.left.is_type(*FLOATING) or node.right.is_type(*FLOATING):
        return exp.paren(exp.Div(this=cast(node.left, "DOUBLE"), expression=cast(node.right, "DOUBLE")))
    if decimal_of(node.left) and decimal_of(node.right):
        return exp.paren(exp.IntDiv(this=node.left, expression=node.right))
    if node.find(exp.AggFunc, exp.Window):
        raise QueryError(
            "NOT_SUPPORTED",
            "the types of a division are not known",
            fix="CAST both sides to the type you want",
        )
    return call("athena_divide", node.left, node.right)


def _unscaled(value: exp.Expr, scale: int) -> exp.Expr:
    wide = cast(value, f"DECIMAL({MAX_PRECISION}, {scale})")
    return cast(exp.Mul(this=wide, expression=number(10**scale)), "HUGEINT")


def _exact(node: exp.Binary) -> exp.Expr:
    """Widen decimals before `+ - *`: DuckDB computes up to 18 digits in 64 bits and would overflow."""
    found = arithmetic(node)
    if found is None:
        return _date_step(node) if isinstance(node, (exp.Add, exp.Sub)) else node
    sides = [
        cast(side, f"DECIMAL({MAX_PRECISION}, {(decimal_of(side) or (0, 0))[1]})")
        for side in (node.left.copy(), node.right.copy())
    ]
    return cast(type(node)(this=sides[0], expression=sides[1]), f"DECIMAL({found[0]}, {found[1]})")


def _date_step(node: exp.Binary) -> exp.Expr:
    """Return a date plus an interval stays a date."""
    if node.left.is_type(exp.DType.DATE) and isinstance(node.right, exp.Interval):
        return cast(node.copy(), "DATE")
    return node


def _aggregate(node: exp.Expr) -> exp.Expr:
    """Give `sum` and `avg` Trino's result type, around FILTER and OVER."""
    if isinstance(node.parent, (exp.Filter, exp.Window)) and node.arg_key == "this":
        return node
    core: exp.Expr = node
    while isinstance(core, (exp.Filter, exp.Window, exp.IgnoreNulls, exp.RespectNulls)):
        core = core.this
    if isinstance(core, exp.Sum) and core.is_type(exp.DType.BIGINT):
        return cast(node.copy(), "BIGINT")
    if isinstance(core, exp.Avg) and is_decimal(core):
        precision, scale = decimal_of(core) or (MAX_PRECISION, 0)
        total, count = (_with_core(node, kind) for kind in (exp.Sum, exp.Count))
        return _scaled(call("athena_quotient", _unscaled(total, scale), count), precision, scale)
    return node


def _with_core(node: exp.Expr, kind: type[exp.AggFunc]) -> exp.Expr:
    """Return the same FILTER and OVER around another aggregate of the same argument."""
    if isinstance(node, exp.Avg):
        return kind(this=node.this.copy())
    changed = node.copy()
    average = changed.find(exp.Avg)
    if average is not None:
        average.replace(kind(this=average.this.copy()))
    return changed


def _extract(node: exp.Extract) -> exp.Expr:
    unit = node.this.name.upper()
    if unit not in EXTRACTS:
        raise QueryError(
            "NOT_SUPPORTED", f"EXTRACT({unit} …) is not supported", fix=f"use {', '.join(EXTRACTS)}"
        )
    name = EXTRACTS[unit]
    return call(FUNCTIONS[name].duckdb, wall(node.expression, zone_of(node.expression)))


def _substring(node: exp.Substring) -> exp.Expr:
    parts = (node.this, node.args.get("start"), node.args.get("length"))
    return call("athena_substr", *(part for part in parts if part is not None))


def _bracket(node: exp.Bracket) -> exp.Expr:
    return subscript(node.this, node.expressions[0])


def _unnest(node: exp.Unnest) -> exp.Expr:
    """Several arrays, or a map, unnest side by side through a lateral subquery."""
    sources: list[exp.Expr] = []
    for source in node.expressions:
        if source.is_type(exp.DType.MAP):
            sources += [call("map_keys", source.copy()), call("map_values", source.copy())]
        else:
            sources.append(source)
        kind = source.type
        if (
            isinstance(kind, exp.DataType)
            and kind.expressions
            and kind.expressions[0].is_type(exp.DType.STRUCT)
        ):
            raise QueryError("NOT_SUPPORTED", "UNNEST of an array of rows is not supported")
    alias = node.args.get("alias")
    if len(sources) == 1 and not node.args.get("offset") and len(alias.columns if alias else ()) == 2:
        sources = [call("map_keys", sources[0].copy()), call("map_values", sources[0].copy())]
    if len(sources) == 1:
        return node
    if node.args.get("offset"):
        raise QueryError("NOT_SUPPORTED", "UNNEST of several arrays WITH ORDINALITY is not supported")
    inner = exp.select(*(call("unnest", source) for source in sources))
    return exp.Lateral(this=inner.subquery(), alias=alias.copy() if alias else None)


def _local_timestamp(_node: exp.Expr) -> exp.Expr:
    return call("timezone", text("UTC"), exp.CurrentTimestamp())


RULES: dict[type[exp.Expr], Callable[[Any], exp.Expr]] = {
    exp.Anonymous: _call,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Div: _divide,
    exp.Add: _exact,
    exp.Sub: _exact,
    exp.Mul: _exact,
    exp.Sum: _aggregate,
    exp.Avg: _aggregate,
    exp.Filter: _aggregate,
    exp.Window: _aggregate,
    exp.Extract: _extract,
    exp.Substring: _substring,
    exp.Bracket: _bracket,
    exp.Unnest: _unnest,
    exp.AtTimeZone: lambda node: typed_call("athena_to_timestamptz", node.this),
    exp.CurrentTimestamp: lambda _node: exp.CurrentTimestamp(),
    exp.Localtimestamp: _local_timestamp,
}
