"""The checks a contract's rule may name, and the SQL condition that is true for a row that breaks it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from etl import identifiers
from etl.market import Market

if TYPE_CHECKING:
    from etl.contract import Rule


class Level(StrEnum):
    """Where a check is evaluated: file, record's text, row, row against the dimensions, set of rows."""

    FILE = "file"
    RECORD = "record"
    ROW = "row"
    REFERENCE = "reference"
    SET = "set"


Condition = Callable[["Rule", Market], str]


@dataclass(frozen=True, slots=True)
class Check:
    """A check: where it runs, whether it is bound to a column, what the rule must give it, its SQL.

    `on_values` says that the SQL reads typed columns only, so that rows without their text can be checked.
    """

    level: Level
    on_column: bool = False
    arguments: frozenset[str] = frozenset()
    condition: Condition | None = None
    on_values: bool = False


def literal(value: object) -> str:
    """SQL literal of a text or number."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def identifier(name: str) -> str:
    """Quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _column(template: str, *arguments: str, on_values: bool = False) -> Check:
    def condition(rule: "Rule", market: Market) -> str:
        values = {name: literal(rule.arguments[name]) for name in arguments}
        return template.format(c=rule.column, **values)

    return Check(Level.ROW, True, frozenset(arguments), condition, on_values)


def _row(template: str, *arguments: str, level: Level = Level.ROW) -> Check:
    def condition(rule: "Rule", market: Market) -> str:
        values = {name: literal(rule.arguments[name]) for name in arguments}
        return template.format(
            floor=market.price_floor,
            cap=market.price_cap,
            period=market.period_minutes_sql("delivery_date"),
            **values,
        )

    return Check(level, False, frozenset(arguments), condition, on_values=True)


def _reference(template: str, *arguments: str) -> Check:
    return _row(template, *arguments, level=Level.REFERENCE)


def _values(rule: "Rule", market: Market) -> str:
    allowed = ", ".join(literal(v) for v in rule.arguments["values"])
    return f"n_{rule.column} NOT IN ({allowed})"


def _price_limits(rule: "Rule", market: Market) -> str:
    return f"{rule.column} < {market.price_floor} OR {rule.column} > {market.price_cap}"


def _identifier(valid: Callable[[str], str]) -> Check:
    def condition(rule: "Rule", market: Market) -> str:
        column = f"n_{rule.column}"
        return f"{column} IS NOT NULL AND NOT coalesce({valid(column)}, FALSE)"

    return Check(Level.ROW, True, frozenset(), condition)


# Columns a condition may use, c being a contract column: x_c the text as delivered, s_c without surrounding
# spaces, n_c normalised (upper case where the contract says so, NULL if blank), c typed (NULL if it cannot
# be), k_c the kind of number (1 plain, 2 decimal comma, 3 ambiguous, 0 none), m_c whether a date or timestamp
# has the right form, y_c its year as text, b_c its local reading, i_c how many instants a time without offset
# stands for.
CHECKS: dict[str, Check] = {
    **{
        name: Check(Level.FILE)
        for name in (
            "encoding",
            "not_text",
            "empty_file",
            "header_only",
            "empty_day",
            "duplicate_columns",
            "missing_columns",
            "duplicate_content",
            "bom",
            "line_endings",
            "final_newline",
            "delimiter",
            "column_order",
            "column_names",
            "absent_columns",
            "extra_columns",
            "mixed_offsets",
        )
    },
    **{
        name: Check(Level.RECORD)
        for name in (
            "repeated_header",
            "ragged",
            "truncated",
            "stray_quote",
            "control_character",
            "quoted_break",
            "blank_line",
        )
    },
    **{
        name: Check(Level.SET)
        for name in (
            "exact_duplicate",
            "key_conflict",
            "superseded",
            "version_conflict",
            "unknown_cancellation",
            "missing_periods",
            "duplicate_periods",
            "reject_ratio",
        )
    },
    "required": _column("n_{c} IS NULL"),
    "spaces": _column("s_{c} <> '' AND s_{c} <> x_{c}"),
    "case": _column("n_{c} <> s_{c}"),
    "pattern": _column("NOT regexp_full_match(n_{c}, {pattern})", "pattern"),
    "values": Check(Level.ROW, True, frozenset({"values"}), _values),
    "formula": _column("left(n_{c}, 1) IN ('=', '+', '@')"),
    "integer": _column("n_{c} IS NOT NULL AND {c} IS NULL"),
    "decimal": _column("k_{c} = 0"),
    "decimal_ambiguous": _column("k_{c} = 3"),
    "decimal_comma": _column("k_{c} = 2"),
    "decimal_overflow": _column("k_{c} IN (1, 2) AND {c} IS NULL"),
    "decimal_rounded": _column(
        "length(n_{c}) > 8 AND regexp_matches(n_{c}, '[.,][0-9]{{6}}[0-9]*[1-9]') AND {c} IS NOT NULL"
    ),
    "positive": _column("{c} <= 0", on_values=True),
    "negative": _column("{c} < 0", on_values=True),
    "zero": _column("{c} = 0", on_values=True),
    "price_limits": Check(Level.ROW, True, frozenset(), _price_limits, on_values=True),
    "date_format": _column("NOT m_{c}"),
    "date_range": _column("m_{c} AND y_{c} NOT BETWEEN '2000' AND '2099'"),
    "date_impossible": _column("m_{c} AND y_{c} BETWEEN '2000' AND '2099' AND {c} IS NULL"),
    "timestamp_format": _column("NOT m_{c}"),
    "timestamp_range": _column("m_{c} AND y_{c} NOT BETWEEN '2000' AND '2099'"),
    "timestamp_impossible": _column("m_{c} AND y_{c} BETWEEN '2000' AND '2099' AND b_{c} IS NULL"),
    "local_gap": _column("i_{c} = 0"),
    "local_fold": _column("i_{c} > 1"),
    "local_time": _column("i_{c} = 1"),
    "tax_id": _identifier(identifiers.tax_id_valid_sql),
    "cups": _identifier(identifiers.cups_valid_sql),
    "eic": _identifier(identifiers.eic_valid_sql),
    "validity_order": _row("valid_to < valid_from"),
    "period_order": _row("delivery_end <= delivery_start"),
    "period_aligned": _row("epoch_us(delivery_start) % (CAST(60000000 AS BIGINT) * {period}) <> 0"),
    "period_length": _row("duration_us > 0 AND duration_us <> CAST(60000000 AS BIGINT) * {period}"),
    "amount_overflow": _row("quantity_mwh IS NOT NULL AND price_eur_mwh IS NOT NULL AND amount_eur IS NULL"),
    "client_unknown": _reference("client_id IS NOT NULL AND known_client_id IS NULL"),
    "client_validity": _reference(
        "known_client_id IS NOT NULL AND delivery_date IS NOT NULL AND valid_client_id IS NULL"
    ),
    "provider_unknown": _reference("provider_id IS NOT NULL AND known_provider_id IS NULL"),
    "provider_validity": _reference(
        "known_provider_id IS NOT NULL AND delivery_date IS NOT NULL AND valid_provider_id IS NULL"
    ),
    "contracted_power": _reference(
        "duration_us > 0 AND CAST(quantity_mwh AS DECIMAL(28,6)) * 60000 "
        "> CAST(contracted_power_kw AS DECIMAL(28,6)) * {factor} * (duration_us // 60000000)",
        "factor",
    ),
}
