"""The plain form of a line: text so regular that no rule about form can break, which the engine only types.

Nearly all delivered lines are plain. They are told apart by their shape, which is the line with every digit
written as 0: millions of trades have a few thousand shapes, so one test answers for many lines. All other
lines take the careful way (etl.judge), and so do plain ones that turn out to break a rule by their values.
"""

import re

from etl.checks import CHECKS, Level, literal
from etl.contract import Contract, Field, Rule, Severity
from etl.derived import derive
from etl.engine import sql_type
from etl.header import Header
from etl.market import FIRST_YEAR, LAST_YEAR, Market
from etl.parts import PLACEHOLDER

DIGITS = bytes.maketrans(b"123456789", b"000000000")
Z_STYLE = 1

_INSTANT = "%Y-%m-%dT%H:%M:%SZ"
_FORMS = {
    "int": "0",  # of several digits the first may be 0, which a shape does not tell
    "date": "0000-00-00",
    "timestamp": "0000-00-00T00:00:00Z",
    "decimal(18,6)": "-?0{1,12}([.]0{1,6})?",
}
# Checks that no plain text breaks, or only with a value that cannot be read or is out of range.
_OF_FORM = frozenset(
    {
        "required", "spaces", "case", "pattern", "values", "formula", "integer",
        "decimal", "decimal_ambiguous", "decimal_comma", "decimal_overflow", "decimal_rounded",
        "date_format", "date_range", "date_impossible",
        "timestamp_format", "timestamp_range", "timestamp_impossible",
        "local_gap", "local_fold", "local_time",
    }
)  # fmt: skip
_QUANTIFIER = re.compile(r"\{[0-9,]+\}")


def has_plain_form(contract: Contract) -> bool:
    """Whether lines of the contract can be plain: every column has a form that its rules leave no say in."""
    return all(_form(f) for f in contract.source_fields)


def shapes(contract: Contract, header: Header) -> re.Pattern[bytes] | None:
    """Pattern of the shapes of the plain lines of a file with this header; None when none can be plain.

    A matching line has as many columns as the header, no quote, no control character and only ASCII.
    """
    if not has_plain_form(contract) or header.missing(contract):
        return None
    forms = {f.name: _form(f) for f in contract.source_fields}
    delimiter = re.escape(header.delimiter)
    unknown = rf"(?:(?!{delimiter})[ !#-~]){{0,1000}}"
    columns = (f"(?:{forms.get(name) or unknown})" for name in header.names)
    return re.compile(delimiter.join(columns).encode())


def typed_sql(contract: Contract, bronze: str) -> str:
    """SELECT of plain rows with their types, in the order of `bronze`, a SELECT of x_<column> texts.

    `kept` is false for rows that only hold a line's place. What cannot be read is NULL.
    """
    typed = ", ".join(_typed(f) for f in contract.source_fields)
    kept = f"x_{contract.key[0]} <> {literal(PLACEHOLDER)} AS kept"
    return derive(contract, f"(SELECT {typed}, {kept} FROM ({bronze}))")


def exceptional_sql(contract: Contract, market: Market) -> str:
    """SQL that is true for a typed plain row that must be judged with care: no value, or a rule is broken."""
    unread = [
        f"{f.name} IS NULL OR {f.name} < 1" if f.type == "int" else f"{f.name} IS NULL"
        for f in contract.source_fields
    ]
    out_of_range = [
        f"extract(year FROM {f.name}) NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"
        for f in contract.source_fields
        if f.type in {"date", "timestamp"}
    ]
    broken = [_condition(r, market) for r in _value_rules(contract) if r.severity is not Severity.WARN]
    return " OR ".join(f"coalesce({test}, FALSE)" for test in (*unread, *out_of_range, *broken))


def warnings_sql(contract: Contract, market: Market, relation: str) -> list[str]:
    """SELECTs (file, rule) of the warnings that the values of typed plain rows give rise to, one a rule."""
    return [
        f"SELECT file, {literal(r.id)} FROM {relation} WHERE {_condition(r, market)}"
        for r in _value_rules(contract)
        if r.severity is Severity.WARN
    ]


def _value_rules(contract: Contract) -> list[Rule]:
    return [r for r in contract.all_rules if CHECKS[r.check].level is Level.ROW and CHECKS[r.check].on_values]


def _condition(rule: Rule, market: Market) -> str:
    condition = CHECKS[rule.check].condition
    assert condition is not None
    return f"({condition(rule, market)})"


def _form(field: Field) -> str | None:
    """Pattern of the shapes of a column's plain text, None if its rules tell texts of one shape apart."""
    if any(not CHECKS[r.check].on_values and r.check not in _OF_FORM for r in field.rules):
        return None
    if field.type != "string":
        return _FORMS.get(field.type)
    arguments = {r.check: r.arguments for r in field.rules}
    if "values" in arguments and "pattern" not in arguments:
        form = "|".join(re.escape(v) for v in arguments["values"]["values"])
    elif "pattern" in arguments and "values" not in arguments:
        form = str(arguments["pattern"]["pattern"])
    else:
        return None
    letters = _QUANTIFIER.sub("", form.replace("[0-9]", ""))
    if re.search("[0-9]", letters) or (field.upper and letters != letters.upper()):
        return None
    return form.replace("[0-9]", "0")


def _typed(field: Field) -> str:
    c = field.name
    if field.type == "timestamp":
        return f"try_strptime(x_{c}, '{_INSTANT}') AS {c}"
    return f"x_{c} AS {c}" if field.type == "string" else f"try_cast(x_{c} AS {sql_type(field.type)}) AS {c}"
