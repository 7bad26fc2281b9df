"""Small builders for DuckDB expressions."""

from sqlglot import exp

from local.athena.functions import VARIANTS

_KINDS = {
    exp.DType.VARCHAR: "varchar",
    exp.DType.CHAR: "varchar",
    exp.DType.TEXT: "varchar",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamptz",
    exp.DType.DOUBLE: "double",
    exp.DType.FLOAT: "double",
}
_UNTYPED = (exp.DType.UNKNOWN, exp.DType.NULL)


def call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    """Build `name(arguments…)`."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(value: exp.Expr, kind: str) -> exp.Cast:
    """Build `CAST(value AS kind)`, the kind in DuckDB's words."""
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def text(value: str) -> exp.Literal:
    """Build a string literal."""
    return exp.Literal.string(value)


def number(value: int | str) -> exp.Expr:
    """Build a number literal."""
    return exp.Literal.number(value)


def typed_call(name: str, value: exp.Expr, *rest: exp.Expr) -> exp.Expr:
    """Build a call of a macro's variant for the value's type, or of all when the type is not known."""
    kind = value.type.this if isinstance(value.type, exp.DataType) else exp.DType.UNKNOWN
    if kind in _UNTYPED and not value.find(exp.AggFunc, exp.Window):
        return call(name, value, *rest)
    variant = _KINDS.get(kind, "any")
    if variant not in VARIANTS[name]:
        variant = "any"
    return call(f"{name}__{variant}", value, *rest)


def wall(value: exp.Expr, zone: str | None) -> exp.Expr:
    """Build an instant's wall-clock time in a zone; without one the value itself (the session is UTC)."""
    if zone is None:
        return value
    local = call("timezone", text(zone), value)
    local.type = exp.DataType.build("timestamp")
    return local


def instant(value: exp.Expr, zone: str | None) -> exp.Expr:
    """Build the instant of a wall-clock time in a zone."""
    moment = call("timezone", text(zone or "UTC"), value)
    moment.type = exp.DataType.build("timestamptz")
    return moment
