"""Static types of a query's expressions by Trino's rules, so far as the translation depends on them.

Decimal precision and scale follow Trino's documentation, "Decimal functions and operators".
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.optimizer.annotate_types import TypeAnnotator
from sqlglot.schema import ensure_schema

from local.athena.dialect import AthenaQuery
from local.athena.functions import FUNCTIONS

INTEGER_DIGITS = {
    exp.DType.TINYINT: 3,
    exp.DType.SMALLINT: 5,
    exp.DType.INT: 10,
    exp.DType.BIGINT: 19,
}
FLOATING = (exp.DType.DOUBLE, exp.DType.FLOAT)
MAX_PRECISION = 38


def decimal_of(node: exp.Expr) -> tuple[int, int] | None:
    """Return the (precision, scale) of a decimal or integer expression; None when it is neither."""
    return digits(node.type)


def digits(kind: exp.DataType | exp.DType | None) -> tuple[int, int] | None:
    """Return the (precision, scale) of a decimal or integer type, or None."""
    if isinstance(kind, exp.DType):
        kind = exp.DataType(this=kind)
    if kind is None:
        return None
    if kind.this in INTEGER_DIGITS:
        return INTEGER_DIGITS[kind.this], 0
    if kind.this != exp.DType.DECIMAL:
        return None
    sizes = [int(parameter.name) for parameter in kind.expressions]
    return (sizes[0], sizes[1] if len(sizes) > 1 else 0) if sizes else None


def is_decimal(node: exp.Expr) -> bool:
    """Whether an expression is known to be a decimal."""
    return node.is_type(exp.DType.DECIMAL) and decimal_of(node) is not None


def arithmetic(node: exp.Binary) -> tuple[int, int] | None:
    """Return the decimal type of `+ - * / %` over two numbers of which one is a decimal, or None."""
    left, right = decimal_of(node.left), decimal_of(node.right)
    if left is None or right is None or not (is_decimal(node.left) or is_decimal(node.right)):
        return None
    (p1, s1), (p2, s2) = left, right
    scale = max(s1, s2)
    if isinstance(node, (exp.Add, exp.Sub)):
        precision = scale + max(p1 - s1, p2 - s2) + 1
    elif isinstance(node, exp.Mul):
        precision, scale = p1 + p2, s1 + s2
    elif isinstance(node, exp.Div):
        precision = p1 + s2 + max(0, s2 - s1)
    else:
        precision = min(p2 - s2, p1 - s1) + scale
    return min(MAX_PRECISION, precision), scale


def decimal_type(precision: int, scale: int) -> exp.DataType:
    """Build `decimal(precision, scale)`."""
    return exp.DataType.build(f"decimal({precision}, {scale})")


def _binary(self: TypeAnnotator, node: Any) -> Any:
    found = arithmetic(node)
    if found:
        self._set_type(node, decimal_type(*found))
    elif node.left.is_type(*FLOATING) or node.right.is_type(*FLOATING):
        self._set_type(node, exp.DType.DOUBLE)
    elif decimal_of(node.left) and decimal_of(node.right):
        size = max(decimal_of(node.left) or (0, 0), decimal_of(node.right) or (0, 0))[0]
        self._set_type(node, exp.DType.BIGINT if size > 10 else exp.DType.INT)
    elif isinstance(node, exp.Sub) and family(node.left) == family(node.right) == "time":
        self._set_type(node, exp.DType.INTERVAL)
    elif isinstance(node, (exp.Add, exp.Sub)) and node.left.is_type(*exp.DataType.TEMPORAL_TYPES):
        self._set_type(node, node.left.type)
    else:
        self._set_type(node, exp.DType.UNKNOWN)
    return node


def _literal(self: TypeAnnotator, node: Any) -> Any:
    text = node.name
    if node.is_string:
        self._set_type(node, exp.DType.VARCHAR)
    elif "e" in text.lower():
        self._set_type(node, exp.DType.DOUBLE)
    elif "." in text:
        significant, scale = text.replace(".", "").lstrip("0"), len(text) - text.index(".") - 1
        self._set_type(node, decimal_type(max(len(significant), scale, 1), scale))
    else:
        self._set_type(node, exp.DType.INT if len(text) < 10 else exp.DType.BIGINT)
    return node


def _sum(self: TypeAnnotator, node: Any) -> Any:
    if is_decimal(node.this):
        self._set_type(node, decimal_type(MAX_PRECISION, (decimal_of(node.this) or (0, 0))[1]))
    elif decimal_of(node.this):
        self._set_type(node, exp.DType.BIGINT)
    else:
        self._set_type(node, node.this.type)
    return node


def _avg(self: TypeAnnotator, node: Any) -> Any:
    self._set_type(node, node.this.type if is_decimal(node.this) else exp.DType.DOUBLE)
    return node


def _call(self: TypeAnnotator, node: Any) -> Any:
    function = FUNCTIONS[node.name.lower()]
    arguments = [_argument(argument) for argument in node.expressions]
    types = [argument.type or exp.DType.UNKNOWN for argument in arguments]
    name = function.name
    if name in ("round", "ceil", "ceiling", "floor", "truncate") and arguments and is_decimal(arguments[0]):
        self._set_type(node, _rounded(name, arguments))
    elif name == "mod":
        modulo = exp.Mod(this=arguments[0].copy(), expression=arguments[1].copy())
        self._set_type(node, _binary(self, modulo).type)
    elif name == "element_at":
        self._set_type(node, _element_type(arguments[0]))
    elif function.returns == "args":
        self._set_type(node, functools.reduce(supertype, types))
    elif function.returns.startswith("arg"):
        index = int(function.returns[3:])
        self._set_type(node, types[index] if index < len(types) else exp.DType.UNKNOWN)
    elif function.returns:
        self._set_type(node, exp.DataType.build(function.returns, dialect="trino"))
    else:
        self._set_type(node, exp.DType.UNKNOWN)
    return node


def _argument(node: exp.Expr) -> exp.Expr:
    """Return an aggregate's argument without DISTINCT and ORDER BY."""
    while isinstance(node, (exp.Order, exp.Distinct)):
        node = node.this if node.this is not None else node.expressions[0]
    return node


def _rounded(name: str, arguments: Sequence[exp.Expr]) -> exp.DataType:
    precision, scale = decimal_of(arguments[0]) or (MAX_PRECISION, 0)
    if len(arguments) > 1:
        return decimal_type(min(MAX_PRECISION, precision + 1), scale)
    carry = 0 if name == "truncate" or scale == 0 else 1
    return decimal_type(max(1, min(MAX_PRECISION, precision - scale + carry)), 0)


def _element_type(container: exp.Expr) -> exp.DataType | exp.DType:
    kind = container.type
    if isinstance(kind, exp.DataType) and kind.this in (exp.DType.ARRAY, exp.DType.MAP) and kind.expressions:
        inner = kind.expressions[-1]
        return inner if isinstance(inner, exp.DataType) else exp.DType.UNKNOWN
    return exp.DType.UNKNOWN


def _bracket(self: TypeAnnotator, node: Any) -> Any:
    self._set_type(node, _element_type(node.this))
    return node


_LADDER = (
    exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.DECIMAL,
    exp.DType.FLOAT, exp.DType.DOUBLE,
)  # fmt: skip
_TIME_LADDER = (exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ)


def supertype(first: exp.DataType | exp.DType, second: exp.DataType | exp.DType) -> exp.DataType | exp.DType:
    """Return the type to which Trino brings two branches of one expression; UNKNOWN when either is."""
    kinds = [each.this if isinstance(each, exp.DataType) else each for each in (first, second)]
    if exp.DType.NULL in kinds:
        return second if kinds[0] == exp.DType.NULL else first
    if exp.DType.UNKNOWN in kinds:
        return exp.DType.UNKNOWN
    for ladder in (_LADDER, _TIME_LADDER):
        if all(kind in ladder for kind in kinds):
            if exp.DType.DECIMAL in kinds and not any(kind in FLOATING for kind in kinds):
                return _common_decimal(first, second)
            return first if ladder.index(kinds[0]) >= ladder.index(kinds[1]) else second
    return first if kinds[0] == kinds[1] else exp.DType.UNKNOWN


def _common_decimal(
    first: exp.DataType | exp.DType, second: exp.DataType | exp.DType
) -> exp.DataType | exp.DType:
    sizes = [digits(each) for each in (first, second)]
    if None in sizes:
        return exp.DType.UNKNOWN
    whole = max(size[0] - size[1] for size in sizes if size)
    scale = max(size[1] for size in sizes if size)
    return decimal_type(min(MAX_PRECISION, whole + scale), scale)


class _Annotator(TypeAnnotator):
    """sqlglot's annotator with Trino's supertypes, also of sized decimals."""

    def _maybe_coerce(
        self, type1: exp.DataType | exp.DType, type2: exp.DataType | exp.DType
    ) -> exp.DataType | exp.DType:
        return supertype(type1, type2)


def annotate(tree: exp.Query, schema: Mapping[str, Mapping[str, str]]) -> exp.Query:
    """Note the type of every expression of a qualified query on its node."""
    known = ensure_schema({name: dict(columns) for name, columns in schema.items()}, dialect=AthenaQuery)
    return _Annotator(schema=known, expression_metadata=METADATA).annotate(tree)


def _annotator(build: Callable[[TypeAnnotator, Any], Any]) -> dict[str, Any]:
    return {"annotator": build}


def _cast(self: TypeAnnotator, node: Any) -> Any:
    """Type a cast; `DECIMAL '1.50'` has the digits of its literal, `CAST(x AS DECIMAL)` has 38."""
    target = node.to
    if target.this == exp.DType.DECIMAL and not target.expressions:
        literal = node.this.name if isinstance(node.this, exp.Literal) and node.this.is_string else ""
        whole, _, fraction = literal.strip().lstrip("+-").partition(".")
        scale = len(fraction)
        precision = max(len(whole.lstrip("0")) + scale, 1) if literal else MAX_PRECISION
        node.set("to", decimal_type(precision, scale))
    self._set_type(node, node.to)
    return node


METADATA: dict[type[exp.Expr], dict[str, Any]] = {
    **Trino.EXPRESSION_METADATA,
    exp.Add: _annotator(_binary),
    exp.Sub: _annotator(_binary),
    exp.Mul: _annotator(_binary),
    exp.Div: _annotator(_binary),
    exp.Mod: _annotator(_binary),
    exp.Literal: _annotator(_literal),
    exp.Sum: _annotator(_sum),
    exp.Avg: _annotator(_avg),
    exp.Anonymous: _annotator(_call),
    exp.Bracket: _annotator(_bracket),
    exp.Cast: _annotator(_cast),
    exp.TryCast: _annotator(_cast),
    exp.AtTimeZone: {"returns": exp.DType.TIMESTAMPTZ},
}


_FAMILIES: dict[exp.DType, str] = {
    **dict.fromkeys((*INTEGER_DIGITS, *FLOATING, exp.DType.DECIMAL), "number"),
    **dict.fromkeys((exp.DType.VARCHAR, exp.DType.CHAR, exp.DType.TEXT), "text"),
    **dict.fromkeys((exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ), "time"),
    exp.DType.BOOLEAN: "boolean",
}


def family(node: exp.Expr) -> str | None:
    """Return the family within which Trino converts by itself: number, text, time, boolean; else None."""
    return _FAMILIES.get(node.type.this) if isinstance(node.type, exp.DataType) else None
