"""Function calls that need more than another name, one small function each."""

from collections.abc import Callable

from sqlglot import exp

from local.athena.build import call, cast, instant, number, text, typed_call, wall
from local.athena.errors import QueryError
from local.athena.formats import joda, mysql
from local.athena.zones import zone_of

MICROS = {"millisecond": 1_000, "second": 1_000_000, "minute": 60_000_000, "hour": 3_600_000_000}
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
UNITS = (*MICROS, *DAYS, *MONTHS)
WALL_CLOCK = frozenset(
    {
        "year", "quarter", "month", "week", "week_of_year", "year_of_week", "yow", "day", "day_of_month",
        "day_of_week", "dow", "day_of_year", "doy", "hour", "minute", "second", "millisecond", "date",
        "last_day_of_month",
    }
)  # fmt: skip
"""Functions of one moment that look at its wall clock."""


def literal(node: exp.Expr, what: str) -> str:
    """Return the text of a string literal.

    Raises:
        QueryError: The argument is none.

    """
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise QueryError("NOT_SUPPORTED", f"{what} must be a literal", fix="write it as text in quotes")
    name: str = node.name
    return name


def unit_of(node: exp.Expr) -> str:
    """Return the unit that a date function is called with.

    Raises:
        QueryError: It is no literal or no unit.

    """
    unit = literal(node, "the unit of a date function").lower()
    if unit not in UNITS:
        raise QueryError(
            "INVALID_FUNCTION_ARGUMENT",
            f"'{unit}' is not a valid Timestamp field",
            fix=f"use {', '.join(UNITS)}",
        )
    return unit


def date_trunc(unit_node: exp.Expr, moment: exp.Expr) -> exp.Expr:
    """Truncate in the moment's own zone."""
    unit = unit_of(unit_node)
    zone = zone_of(moment)
    if zone is None:
        return typed_call("athena_trunc", moment, text(unit))
    local = wall(moment, zone)
    truncated = call("date_trunc", text(unit), local)
    if unit in MICROS:
        return exp.paren(moment.copy() - exp.paren(local.copy() - truncated))
    return instant(truncated, zone)


def date_add(unit_node: exp.Expr, count: exp.Expr, moment: exp.Expr) -> exp.Expr:
    """Add whole units; days and longer in the moment's own zone, shorter ones on the time line."""
    unit = unit_of(unit_node)
    steps = [
        exp.paren(count.copy()) * number(units[unit]) if unit in units else number(0)
        for units in (MONTHS, DAYS, MICROS)
    ]
    zone = zone_of(moment)
    if zone and unit not in MICROS:
        return instant(typed_call("athena_plus", wall(moment, zone), *steps), zone)
    return typed_call("athena_plus", moment, *steps)


def date_diff(unit_node: exp.Expr, first: exp.Expr, second: exp.Expr) -> exp.Expr:
    """Count whole units between two moments, in the zone of the first."""
    unit = unit_of(unit_node)
    zone = zone_of(first)
    if zone:
        second = typed_call("athena_to_timestamptz", second)
        return call("date_sub", text(unit), wall(first, zone), call("timezone", text(zone), second))
    return call(
        "date_sub", text(unit), *(typed_call("athena_to_timestamp", side) for side in (first, second))
    )


def date_format(moment: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    """Format with MySQL's specifiers."""
    shape = mysql(literal(pattern, "a date format"))
    return call("strftime", typed_call("athena_wall", wall(moment, zone_of(moment))), text(shape))


def date_parse(value: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    """Parse with MySQL's specifiers."""
    return call("strptime", value, text(mysql(literal(pattern, "a date format"))))


def format_datetime(moment: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    """Format with Joda's letters."""
    shape = joda(literal(pattern, "a datetime pattern"), parsing=False)
    return call("strftime", typed_call("athena_wall", wall(moment, zone_of(moment))), text(shape))


def parse_datetime(value: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    """Parse with Joda's letters; without an offset in the text, UTC."""
    shape = joda(literal(pattern, "a datetime pattern"), parsing=True)
    parsed = call("strptime", value, text(shape))
    return parsed if "%z" in shape else instant(parsed, None)


def zoned_text(moment: exp.Expr) -> exp.Expr:
    """Spell a moment as Trino does: wall clock with milliseconds, then the zone's name."""
    zone = zone_of(moment)
    if zone is None:
        return typed_call("athena_to_varchar", moment)
    spelled = call("strftime", wall(moment, zone), text("%Y-%m-%d %H:%M:%S.%g"))
    return exp.DPipe(this=spelled, expression=text(f" {zone}"))


def concat(*arguments: exp.Expr) -> exp.Expr:
    """Join texts or arrays; NULL if any is NULL."""
    if arguments[0].is_type(exp.DType.ARRAY):
        return call("list_concat", *arguments)
    joined = arguments[0]
    for argument in arguments[1:]:
        joined = exp.DPipe(this=joined, expression=argument)
    return exp.paren(joined)


def _extreme(name: str) -> Callable[..., exp.Expr]:
    def build(*arguments: exp.Expr) -> exp.Expr:
        missing = exp.or_(*(exp.Is(this=argument.copy(), expression=exp.Null()) for argument in arguments))
        return exp.case().when(missing, exp.Null()).else_(call(name, *arguments))

    return build


def element_at(container: exp.Expr, key: exp.Expr) -> exp.Expr:
    """Take an element, or NULL when there is none."""
    if container.is_type(exp.DType.MAP):
        return call("list_extract", call("map_extract", container, key), number(1))
    return call("list_extract", container, key)


def subscript(container: exp.Expr, key: exp.Expr) -> exp.Expr:
    """Take an element; fail when there is none."""
    by_name = isinstance(key, exp.Literal) and key.is_string
    name = "athena_map_item" if container.is_type(exp.DType.MAP) or by_name else "athena_array_item"
    return call(name, container, key)


def reduce(array: exp.Expr, initial: exp.Expr, step: exp.Expr, finish: exp.Expr) -> exp.Expr:
    """Fold an array, then apply the last function."""
    folded = call("list_reduce", array, step, initial)
    finished = call("list_transform", exp.Array(expressions=[folded]), finish)
    return call("list_extract", finished, number(1))


def _bits(node: type[exp.Binary]) -> Callable[..., exp.Expr]:
    return lambda left, right: exp.paren(node(this=left, expression=right))


REWRITES: dict[str, Callable[..., exp.Expr]] = {
    "date_trunc": date_trunc,
    "date_add": date_add,
    "date_diff": date_diff,
    "date_format": date_format,
    "date_parse": date_parse,
    "format_datetime": format_datetime,
    "parse_datetime": parse_datetime,
    "at_timezone": lambda moment, _zone: typed_call("athena_to_timestamptz", moment),
    "with_timezone": lambda moment, zone: call("timezone", zone, moment),
    "now": exp.CurrentTimestamp,
    "current_timezone": lambda: text("UTC"),
    "concat": concat,
    "mod": lambda left, right: exp.paren(exp.Mod(this=left, expression=right)),
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "nan": lambda: cast(text("nan"), "DOUBLE"),
    "infinity": lambda: cast(text("inf"), "DOUBLE"),
    "bitwise_and": _bits(exp.BitwiseAnd),
    "bitwise_or": _bits(exp.BitwiseOr),
    "element_at": element_at,
    "reduce": reduce,
    "any_match": lambda array, test: call("athena_any", call("list_transform", array, test)),
    "all_match": lambda array, test: call("athena_every", call("list_transform", array, test)),
    "none_match": lambda array, test: exp.not_(call("athena_any", call("list_transform", array, test))),
    "approx_distinct": lambda value: exp.Count(this=exp.Distinct(expressions=[value])),
}
