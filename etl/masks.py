"""Broken rules as bits: one BIGINT column holds up to MASK_BITS rules of a row."""

from collections.abc import Iterable

from etl.checks import CHECKS, identifier
from etl.contract import Rule
from etl.market import Market

MASK_BITS = 60


def mask_names(prefix: str, rules: int) -> tuple[str, ...]:
    """Names of the mask columns that a number of rules need."""
    return tuple(f"{prefix}{i}" for i in range(max(1, -(-rules // MASK_BITS))))


def mask_place(prefix: str, index: int) -> tuple[str, int]:
    """Mask column and bit of the rule with this index."""
    column, bit = divmod(index, MASK_BITS)
    return f"{prefix}{column}", bit


def masks_sql(prefix: str, rules: tuple[Rule, ...], market: Market) -> list[str]:
    """Select items of the mask columns of row rules."""
    terms: dict[str, list[str]] = {name: [] for name in mask_names(prefix, len(rules))}
    for index, rule in enumerate(rules):
        condition = CHECKS[rule.check].condition
        assert condition is not None
        column, bit = mask_place(prefix, index)
        terms[column].append(
            f"CASE WHEN {condition(rule, market)} THEN CAST({1 << bit} AS BIGINT) ELSE 0 END"
        )
    return [f"({' + '.join(t) or '0'}) AS {identifier(name)}" for name, t in terms.items()]


def broken_any(masks: Iterable[str]) -> str:
    """SQL that is true for a row that breaks a rule of one of the mask columns."""
    return "(" + " OR ".join(f"{mask} <> 0" for mask in masks) + ")"
