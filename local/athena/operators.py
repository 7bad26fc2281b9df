"""Operators over types that Trino does not convert to each other, refused as Athena refuses them."""

from sqlglot import exp

from local.athena.errors import QueryError, at
from local.athena.statement import position
from local.athena.typed import family

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
    exp.DPipe: "||", exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%",
}  # fmt: skip


def check_operators(tree: exp.Expr, sql: str) -> None:
    """Refuse comparisons and arithmetic over types that Trino does not convert to each other.

    Raises:
        QueryError: `TYPE_MISMATCH`: a string partition compared with a number, a date with a string, …

    """
    for node in tree.walk():
        if isinstance(node, exp.Between):
            pairs = [(node.this, node.args["low"]), (node.this, node.args["high"])]
            symbol = "BETWEEN"
        elif isinstance(node, exp.In):
            pairs, symbol = [(node.this, item) for item in node.expressions], "IN"
        elif type(node) in _OPERATORS and isinstance(node, exp.Binary):
            pairs, symbol = [(node.left, node.right)], _OPERATORS[type(node)]
        else:
            continue
        for left, right in pairs:
            if not _compatible(left, right, symbol):
                raise QueryError(
                    "TYPE_MISMATCH",
                    at(
                        sql, position(node), f"Cannot apply operator: {_spell(left)} {symbol} {_spell(right)}"
                    ),
                    fix="compare like with like: quote a string partition's value, write DATE '2025-01-01' "
                    "for a date, or CAST one side",
                )


def _compatible(left: exp.Expr, right: exp.Expr, symbol: str) -> bool:
    kinds = family(left), family(right)
    if symbol == "||":
        return "number" not in kinds and "time" not in kinds and "boolean" not in kinds
    if None in kinds:
        return True
    if kinds[0] != kinds[1]:
        return False
    return symbol not in "+-*/%" or kinds[0] == "number" or (kinds[0] == "time" and symbol == "-")


def _spell(node: exp.Expr) -> str:
    return node.type.sql("trino").lower() if node.type else "unknown"
