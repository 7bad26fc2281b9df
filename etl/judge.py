"""Contract → SQL that judges text with care: it types every column and marks every broken rule."""

from collections.abc import Iterable
from dataclasses import dataclass

from etl import derived
from etl.checks import CHECKS, Level
from etl.contract import Contract, Field, Rule, Severity
from etl.market import FIRST_YEAR, LAST_YEAR, Market
from etl.masks import broken_any, mask_names, mask_place, masks_sql
from etl.referral import references_sql

_SPACES = "'\u00a0\u2007\u202f', '   '"
_TRIMMED = "[!-~]([ -~]*[!-~])?"  # most text: trim and translate cost several times what this test costs
_OFFSET = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_TIMESTAMP = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)?"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PLAIN = "[+-]?[0-9]+([.][0-9]+)?"
_COMMA = "[+-]?[0-9]+,[0-9]+"
_AMBIGUOUS = (
    "[+-]?([1-9][0-9]{0,2}(,[0-9]{3})+|[0-9]{1,3}([.][0-9]{3})+,[0-9]+"
    "|[0-9]{1,3}(,[0-9]{3})+[.][0-9]+|[0-9]{1,3}([.][0-9]{3}){2,})"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The SQL of a contract and which bit of which mask column stands for which rule.

    Masks r… are of the `rejecting` rules, w… of the `warning` ones, q… of the `referring` ones, which reject
    too but need the dimensions and so are judged in a second step.
    """

    contract: Contract
    market: Market
    rejecting: tuple[Rule, ...]
    referring: tuple[Rule, ...]
    warning: tuple[Rule, ...]
    columns: tuple[str, ...]
    template: str

    def references_sql(self, relation: str) -> str:
        """SELECT (place, masks) of the rows of `relation` that break a rule against the dimensions."""
        return references_sql(self.referring, self.market, relation)

    def sql(self, bronze: str) -> str:
        """SELECT that judges `bronze`, a SELECT of x_<column> texts, file and source_line."""
        return self.template.replace("{bronze}", bronze)

    @property
    def reject_masks(self) -> tuple[str, ...]:
        """Mask columns of the rules that reject a row by itself."""
        return mask_names("r", len(self.rejecting))

    @property
    def reference_masks(self) -> tuple[str, ...]:
        """Mask columns of the rules that reject a row against the dimensions."""
        return mask_names("q", len(self.referring)) if self.referring else ()

    @property
    def warn_masks(self) -> tuple[str, ...]:
        """Mask columns of the rules that warn."""
        return mask_names("w", len(self.warning))

    @property
    def rejected_sql(self) -> str:
        """SQL that is true for a row that breaks a rejecting rule."""
        return broken_any((*self.reject_masks, *self.reference_masks))

    @property
    def reasons_sql(self) -> str:
        """SQL of the array of the identifiers of the rejecting rules that a row breaks."""
        return self._broken_ids_sql(self.rejections)

    @property
    def warnings_sql(self) -> str:
        """SQL of the array of the identifiers of the warning rules that a row breaks."""
        return self._broken_ids_sql(self.warning)

    @property
    def rejections(self) -> tuple[Rule, ...]:
        """All rules that reject a row, in the order of the reasons."""
        return (*self.rejecting, *self.referring)

    def broken_sql(self, rule: Rule) -> str:
        """SQL that is true for a row that breaks a rule."""
        mask, bit = self._place(rule)
        return f"({mask} >> {bit}) & 1 = 1"

    def _broken_ids_sql(self, rules: Iterable[Rule]) -> str:
        parts = [f"CASE WHEN {self.broken_sql(rule)} THEN '{rule.id}' END" for rule in rules]
        return f"list_filter([{', '.join(parts)}], lambda rule: rule IS NOT NULL)"

    def _place(self, rule: Rule) -> tuple[str, int]:
        for prefix, rules in (("r", self.rejecting), ("q", self.referring), ("w", self.warning)):
            if rule in rules:
                return mask_place(prefix, rules.index(rule))
        raise KeyError(f"{self.contract.name} does not judge rows by {rule.id}")


def compile_contract(contract: Contract, market: Market) -> Judgement:
    """Compile a contract into a SELECT that judges delivered text.

    The result holds the typed columns, `styles` (1 Z, 2 offset, 4 none: how the timestamps of the row are
    written), file, source_line and the mask columns; those of `referring` rules are not judged here.
    """
    row_rules = [r for r in contract.all_rules if CHECKS[r.check].level is Level.ROW]
    rejecting = tuple(r for r in row_rules if r.severity in {Severity.REJECT, Severity.FAIL_BATCH})
    warning = tuple(r for r in row_rules if r.severity is Severity.WARN)
    referring = tuple(r for r in contract.all_rules if CHECKS[r.check].level is Level.REFERENCE)
    fields = contract.source_fields
    columns = tuple(f.name for f in fields) + derived.names(contract)
    mask_columns = (*mask_names("r", len(rejecting)), *mask_names("w", len(warning)))
    masks = [*masks_sql("r", rejecting, market), *masks_sql("w", warning, market)]
    styles = [
        f"CASE WHEN m_{f.name} THEN CASE z_{f.name} WHEN 'Z' THEN 1 WHEN '' THEN 4 ELSE 2 END ELSE 0 END"
        for f in fields
        if f.type == "timestamp"
    ]
    template = f"""WITH trimmed AS (
  SELECT *, {_list(_trimmed(f) for f in fields)}
  FROM ({{bronze}})
), normalised AS (
  SELECT *, {_list(_normalised(f) for f in fields)} FROM trimmed
), shaped AS (
  SELECT *, {_list(e for f in fields for e in _shape(f)) or "0 AS no_shape"} FROM normalised
), read AS (
  SELECT *, {_list(e for f in fields for e in _reading(f)) or "0 AS no_reading"} FROM shaped
), placed AS (
  SELECT *, {_list(e for f in fields for e in _placing(f, market)) or "0 AS no_placing"} FROM read
), typed AS (
  SELECT *, {_list(_typed(f, market) for f in fields)} FROM placed
), derived AS (
  {derived.derive(contract, "typed")}
), judged AS (
  SELECT *, {_list(masks)} FROM derived
)
SELECT {_list(columns)}, CAST({" | ".join(styles) or "0"} AS TINYINT) AS styles, file, source_line,
  {_list(mask_columns)}
FROM judged"""
    return Judgement(contract, market, rejecting, referring, warning, columns, template)


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)


def _trimmed(field: Field) -> str:
    text = f"x_{field.name}"
    return (
        f"CASE WHEN regexp_full_match({text}, '{_TRIMMED}') THEN {text} "
        f"ELSE trim(translate({text}, {_SPACES}), ' \t\n\r') END AS s_{field.name}"
    )


def _normalised(field: Field) -> str:
    text = f"nullif(s_{field.name}, '')"
    return f"{f'upper({text})' if field.upper else text} AS n_{field.name}"


def _shape(field: Field) -> list[str]:
    c, n = field.name, f"n_{field.name}"
    if field.type.startswith("decimal"):
        kind = (
            f"CASE WHEN {n} IS NULL THEN NULL WHEN regexp_full_match({n}, '{_PLAIN}') THEN 1 "
            f"WHEN regexp_full_match({n}, '{_AMBIGUOUS}') THEN 3 "
            f"WHEN regexp_full_match({n}, '{_COMMA}') THEN 2 ELSE 0 END AS k_{c}"
        )
        return [kind]
    if field.type == "date":
        return [f"regexp_full_match({n}, '{_DATE}') AS m_{c}", f"left({n}, 4) AS y_{c}"]
    if field.type == "timestamp":
        return [
            f"regexp_full_match({n}, '{_TIMESTAMP}') AS m_{c}",
            f"left({n}, 4) AS y_{c}",
            f"CASE WHEN right({n}, 1) = 'Z' THEN 'Z' ELSE regexp_extract({n}, '{_OFFSET}', 1) END AS z_{c}",
        ]
    return []


def _reading(field: Field) -> list[str]:
    if field.type != "timestamp":
        return []
    c, n, z = field.name, f"n_{field.name}", f"z_{field.name}"
    local = f"replace(left({n}, length({n}) - length({z})), 'T', ' ')"
    seconds = f"CASE WHEN length({n}) - length({z}) = 16 THEN ':00' ELSE '' END"
    hours = f"CAST(substr({z}, 2, 2) AS INTEGER)"
    minutes = f"CASE WHEN length({z}) = 3 THEN 0 ELSE CAST(right({z}, 2) AS INTEGER) END"
    local_time = (
        f"CASE WHEN m_{c} AND {_in_range(c)} THEN try_cast({local} || {seconds} AS TIMESTAMP) END AS b_{c}"
    )
    offset = (
        f"CASE WHEN NOT m_{c} OR {z} = '' THEN NULL WHEN {z} = 'Z' THEN 0 "
        f"WHEN left({z}, 1) = '-' THEN -({hours} * 60 + {minutes}) "
        f"ELSE {hours} * 60 + {minutes} END AS o_{c}"
    )
    return [local_time, offset]


def _in_range(column: str) -> str:
    return f"y_{column} BETWEEN '{FIRST_YEAR}' AND '{LAST_YEAR}'"


def _placing(field: Field, market: Market) -> list[str]:
    """For a time without offset, whether each offset of the market's zone is a reading of it."""
    if field.type != "timestamp":
        return []
    c = field.name
    return [
        f"CASE WHEN o_{c} IS NULL AND b_{c} IS NOT NULL THEN {market.reading_sql(f'b_{c}', offset)} END "
        f"AS l{offset}_{c}"
        for offset in market.offsets()
    ]


def _typed(field: Field, market: Market) -> str:
    c, n = field.name, f"n_{field.name}"
    if field.type.startswith("decimal"):
        return (
            f"CASE WHEN k_{c} = 1 THEN try_cast({n} AS {field.type}) "
            f"WHEN k_{c} = 2 THEN try_cast(replace({n}, ',', '.') AS {field.type}) END AS {c}"
        )
    if field.type == "int":
        return (
            f"CASE WHEN regexp_full_match({n}, '[1-9][0-9]{{0,8}}') THEN try_cast({n} AS INTEGER) END AS {c}"
        )
    if field.type == "date":
        return f"CASE WHEN m_{c} AND {_in_range(c)} THEN try_cast({n} AS DATE) END AS {c}"
    if field.type == "timestamp":
        readings = [f"l{offset}_{c}" for offset in market.offsets()]
        count = " + ".join(f"CAST({r} AS INTEGER)" for r in readings)
        local = " ".join(
            f"WHEN {r} THEN b_{c} - INTERVAL {offset} MINUTE"
            for r, offset in zip(readings, market.offsets(), strict=True)
        )
        return (
            f"CASE WHEN o_{c} IS NOT NULL THEN b_{c} - o_{c} * INTERVAL 1 MINUTE "
            f"WHEN {count} = 1 THEN CASE {local} END END AS {c}, {count} AS i_{c}"
        )
    return f"{n} AS {c}"
