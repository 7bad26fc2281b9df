"""Contract → SQL: one pass over the delivered text that types every column and marks every broken rule."""

from collections.abc import Iterable
from dataclasses import dataclass

from etl.checks import CHECKS, Level, identifier
from etl.contract import Contract, Field, Rule, Severity
from etl.market import FIRST_YEAR, LAST_YEAR, Market

MASK_BITS = 60
_SPACES = "'\u00a0\u2007\u202f', '   '"
_OFFSET = "(Z|[+-][0-9]{2}:?[0-9]{2})$"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
_TIMESTAMP = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?"
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
    rejecting: tuple[Rule, ...]
    referring: tuple[Rule, ...]
    warning: tuple[Rule, ...]
    columns: tuple[str, ...]
    template: str
    references: str | None

    def sql(self, bronze: str, raw: str, fields: str, *, keep: bool = False) -> str:
        """SELECT that judges `bronze`, a SELECT of x_<column> texts, source_file and source_line.

        `raw` and `fields` are SQL over its columns: the record as delivered, and by name as a JSON object;
        they are evaluated for rejected rows only, or for all with `keep`.
        """
        replaced = self.template.replace("{bronze}", bronze).replace("{raw}", raw)
        return replaced.replace("{fields}", fields).replace("{keep}", "TRUE" if keep else "FALSE")

    @property
    def reject_masks(self) -> tuple[str, ...]:
        """Mask columns of the rules that reject a row by itself."""
        return _mask_names("r", len(self.rejecting))

    @property
    def reference_masks(self) -> tuple[str, ...]:
        """Mask columns of the rules that reject a row against the dimensions."""
        return _mask_names("q", len(self.referring)) if self.referring else ()

    @property
    def warn_masks(self) -> tuple[str, ...]:
        """Mask columns of the rules that warn."""
        return _mask_names("w", len(self.warning))

    @property
    def rejected_sql(self) -> str:
        """SQL that is true for a row that breaks a rejecting rule."""
        return "(" + " OR ".join(f"{m} <> 0" for m in (*self.reject_masks, *self.reference_masks)) + ")"

    @property
    def reasons_sql(self) -> str:
        """SQL of the array of the identifiers of the rejecting rules that a row breaks."""
        parts = [f"CASE WHEN {self.broken_sql(rule)} THEN '{rule.id}' END" for rule in self.rejections]
        return f"list_filter([{', '.join(parts)}], lambda reason: reason IS NOT NULL)"

    @property
    def rejections(self) -> tuple[Rule, ...]:
        """All rules that reject a row, in the order of the reasons."""
        return (*self.rejecting, *self.referring)

    def broken_sql(self, rule: Rule) -> str:
        """SQL that is true for a row that breaks a rule."""
        mask, bit = self._place(rule)
        return f"({mask} >> {bit}) & 1 = 1"

    def counts_sql(self, relation: str) -> str:
        """SQL of one row: how many rows of `relation` break each rejecting, then each warning rule."""
        places = [self._place(rule) for rule in (*self.rejections, *self.warning)]
        sums = ", ".join(f"coalesce(sum(({mask} >> {bit}) & 1), 0)" for mask, bit in places)
        return f"SELECT {sums} FROM {relation}"

    def _place(self, rule: Rule) -> tuple[str, int]:
        for prefix, rules in (("r", self.rejecting), ("q", self.referring), ("w", self.warning)):
            if rule in rules:
                mask, bit = divmod(rules.index(rule), MASK_BITS)
                return f"{prefix}{mask}", bit
        raise KeyError(f"{self.contract.name} does not judge rows by {rule.id}")


def compile_contract(contract: Contract, market: Market) -> Judgement:
    """Compile a contract into a SELECT that judges delivered text.

    The result holds the typed columns, the mask columns, `styles` (1 Z, 2 offset, 4 none: how the timestamps
    of the row are written), and `raw` and `fields` of rejected rows only. It holds no join: rows come out in
    the order they were delivered in, which line numbers hang on.
    """
    row_rules = [r for r in contract.all_rules if CHECKS[r.check].level is Level.ROW]
    rejecting = tuple(r for r in row_rules if r.severity in {Severity.REJECT, Severity.FAIL_BATCH})
    warning = tuple(r for r in row_rules if r.severity is Severity.WARN)
    referring = tuple(r for r in contract.all_rules if CHECKS[r.check].level is Level.REFERENCE)
    fields = contract.source_fields
    derived = _derived(contract)
    columns = tuple(f.name for f in fields) + tuple(derived)
    names = [*columns, *_mask_names("r", len(rejecting)), *_mask_names("w", len(warning))]
    bad = " OR ".join(f"{m} <> 0" for m in _mask_names("r", len(rejecting)))
    masks = [*_masks("r", rejecting, market), *_masks("w", warning, market)]
    styles = [
        f"CASE WHEN m_{f.name} THEN CASE z_{f.name} WHEN 'Z' THEN 1 WHEN '' THEN 4 ELSE 2 END ELSE 0 END"
        for f in fields
        if f.type == "timestamp"
    ]
    template = f"""
WITH trimmed AS (
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
), derived AS ({_derived_sql(derived)}
), judged AS (
  SELECT *, {_list(masks)} FROM derived
)
SELECT {_list(names)}, CAST({" | ".join(styles) or "0"} AS TINYINT) AS styles, source_file, source_line,
  CASE WHEN {bad} OR {{keep}} THEN {{raw}} END AS raw,
  CASE WHEN {bad} OR {{keep}} THEN {{fields}} END AS fields
FROM judged"""
    references = _references_sql(referring, market) if referring else None
    return Judgement(contract, rejecting, referring, warning, columns, template, references)


def _list(items: Iterable[str]) -> str:
    return ", ".join(items)


def _trimmed(field: Field) -> str:
    return f"trim(translate(x_{field.name}, {_SPACES}), ' \t\n\r') AS s_{field.name}"


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
    hours, minutes = f"CAST(substr({z}, 2, 2) AS INTEGER)", f"CAST(right({z}, 2) AS INTEGER)"
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


def _derived(contract: Contract) -> dict[str, str]:
    if contract.name != "transactions":
        return {}
    return {
        "delivery_date": "CAST(market_local(delivery_start) AS DATE)",
        "duration_minutes": "CAST(duration_us // 60000000 AS INTEGER)",
        "amount_eur": (
            "try_cast(CAST(quantity_mwh AS DECIMAL(20,6)) * CAST(price_eur_mwh AS DECIMAL(18,6)) "
            "AS DECIMAL(18,6))"
        ),
    }


def _derived_sql(derived: dict[str, str]) -> str:
    if not derived:
        return " SELECT * FROM typed"
    columns = _list(f"{sql} AS {name}" for name, sql in derived.items())
    return f"""
  SELECT *, {columns}
  FROM (SELECT *, epoch_us(delivery_end) - epoch_us(delivery_start) AS duration_us FROM typed)"""


def _references_sql(rules: tuple[Rule, ...], market: Market) -> str:
    """SELECT of the rows of `judged` (by rowid) that break a rule against the dimensions, and the masks."""
    masks = _masks("q", rules, market)
    names = _mask_names("q", len(rules))
    return f"""
SELECT place, {_list(names)} FROM (
  SELECT place, {_list(masks)} FROM (
    SELECT j.*, kc.client_id AS known_client_id, vc.client_id AS valid_client_id, vc.contracted_power_kw,
      kp.provider_id AS known_provider_id, vp.provider_id AS valid_provider_id
    FROM (
      SELECT rowid AS place, client_id, provider_id, delivery_date, quantity_mwh,
        epoch_us(delivery_end) - epoch_us(delivery_start) AS duration_us
      FROM judged
    ) AS j
    LEFT JOIN known_clients AS kc ON j.client_id = kc.client_id
    LEFT JOIN valid_clients AS vc ON j.client_id = vc.client_id AND j.delivery_date >= vc.first_day
      AND j.delivery_date < vc.end_day
    LEFT JOIN known_providers AS kp ON j.provider_id = kp.provider_id
    LEFT JOIN valid_providers AS vp ON j.provider_id = vp.provider_id AND j.delivery_date >= vp.first_day
      AND j.delivery_date < vp.end_day
  )
) WHERE {" OR ".join(f"{m} <> 0" for m in names)}"""


def _mask_names(prefix: str, rules: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{i}" for i in range(max(1, -(-rules // MASK_BITS))))


def _places(prefix: str, rules: int) -> list[tuple[str, int]]:
    return [(f"{prefix}{i // MASK_BITS}", i % MASK_BITS) for i in range(rules)]


def _masks(prefix: str, rules: tuple[Rule, ...], market: Market) -> list[str]:
    terms: dict[str, list[str]] = {name: [] for name in _mask_names(prefix, len(rules))}
    for rule, (mask, bit) in zip(rules, _places(prefix, len(rules)), strict=True):
        condition = CHECKS[rule.check].condition
        assert condition is not None
        terms[mask].append(f"CASE WHEN {condition(rule, market)} THEN CAST({1 << bit} AS BIGINT) ELSE 0 END")
    return [f"({' + '.join(t) or '0'}) AS {identifier(name)}" for name, t in terms.items()]
