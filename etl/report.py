"""A data steward's report: which records were rejected, where, why, and what to do."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.contract import Contract, Rule, Severity, load, rule_index
from etl.engine import read_parquet
from etl.store import Store
from etl.summary import RunSummary, UnitResult

EXAMPLES = 5
_VALUE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule of one record, or on line 0 of the whole file.

    `values` are the (column, text) that the rule looks at. Without one it is (`record`, the text as
    delivered), and for a whole file what is wrong with it, if that is known. Personal data is masked.
    """

    dataset: str
    file: str
    line: int
    values: tuple[tuple[str, str], ...]
    rule: str
    meaning: str
    fix: str
    whole_file: bool

    @property
    def field(self) -> str:
        """The columns that the rule looks at."""
        return ", ".join(name for name, _ in self.values)

    @property
    def value(self) -> str:
        """What is in them."""
        return ", ".join(text for _, text in self.values)


def findings(store: Store, dataset: str, load_date: str, *, evidence: str | None = None) -> Iterator[Finding]:
    """Yield what was rejected of one load date, by file and line.

    `evidence` is the prefix a breached run left its records under; without it the published quarantine is
    read.
    """
    prefix = evidence or f"processed/quarantine/dataset={dataset}/load_date={load_date}/"
    keys = [e.key for e in store.list(prefix) if e.key.endswith(".parquet") and "results" not in e.key]
    if not keys:
        return
    with tempfile.TemporaryDirectory(prefix="lake-") as folder, duckdb.connect() as connection:
        paths = [store.fetch(key, Path(folder)) for key in keys]
        rows = connection.execute(
            f"SELECT source_object, source_line, raw, fields, reasons FROM {read_parquet(paths)} "
            "ORDER BY source_object, source_line"
        )
        while batch := rows.fetchmany(10_000):
            for source_object, line, raw, fields, reasons in batch:
                values = json.loads(fields) if fields else {}
                for reason in reasons:
                    yield _finding(dataset, reason, (source_object, line), raw, values)


def render(store: Store, summary: RunSummary, *, examples: int = EXAMPLES) -> str:
    """Text of what a run rejected: for each rule how often, what to do, and the first places."""
    parts = [
        _unit_text(store, unit, examples) for unit in summary.units if unit.rejected or unit.files_rejected
    ]
    return "\n\n".join(parts) if parts else "Nothing was rejected."


def _unit_text(store: Store, unit: UnitResult, examples: int) -> str:
    evidence = unit.breaches[0].evidence if unit.breaches else None
    equation = f"{unit.good} good + {unit.rejected} rejected + {unit.duplicates} duplicates"
    lines = [f"{unit.dataset} {unit.unit}: {unit.rows_in} records in = {equation}"]
    for breach in unit.breaches:
        lines.append(
            f"  NOTHING PUBLISHED: {breach.failed} of {breach.evaluated} broke {breach.rule_id}"
            + (f" (at most {breach.threshold:.0%} may)" if breach.threshold is not None else "")
        )
        if rule := rule_index(unit.dataset).get(breach.rule_id):
            lines.append(f"    what to do: {rule.fix}")
    by_rule: dict[str, list[Finding]] = {}
    counts: dict[str, int] = {}
    for finding in findings(store, unit.dataset, unit.unit, evidence=evidence):
        if finding.whole_file and finding.line:
            continue  # the file is named once, not with each of its records
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
        kept = by_rule.setdefault(finding.rule, [])
        if len(kept) < examples:
            kept.append(finding)
    for rule_id, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        first = by_rule[rule_id][0]
        lines.append(f"  {rule_id}  ×{count}  {first.meaning}")
        lines.append(f"    what to do: {first.fix}")
        lines += [f"    {_place(f)}" for f in by_rule[rule_id]]
        if count > examples:
            where = f"the evidence under {evidence}" if evidence else "the table quarantine"
            lines.append(f"    … and {count - examples} more in {where}")
    if unit.warnings:
        told = ", ".join(f"{rule_id} ×{count}" for rule_id, count in unit.warnings.items())
        lines.append(f"  accepted with a warning: {told}")
    return "\n".join(lines)


def _place(finding: Finding) -> str:
    where = f"{finding.file}:{finding.line}" if finding.line else f"{finding.file} (the whole file)"
    if finding.whole_file:
        return f"{where}  {finding.value}".rstrip()
    return "  ".join((where, *(f"{name} = {text!r}" for name, text in finding.values)))


def _finding(
    dataset: str, reason: str, place: tuple[str, int], raw: str, values: Mapping[str, str]
) -> Finding:
    source_object, line = place
    rule = rule_index(dataset).get(reason)
    shown = _values(load(dataset), rule, raw, values)
    if line == 0:
        detail = raw.removeprefix(source_object.rpartition("/")[2]).removeprefix(": ")
        shown = (("file", _cut(detail)),) if detail else ()
    return Finding(
        dataset=dataset,
        file=source_object,
        line=line,
        values=shown,
        rule=reason,
        meaning=rule.description if rule else "a rule of an earlier version",
        fix=rule.fix if rule else "Judge the delivery again with the current rules.",
        whole_file=line == 0 or (rule is not None and rule.severity is Severity.REJECT_FILE),
    )


def _values(
    contract: Contract, rule: Rule | None, raw: str, values: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return what a report may show of a record: the rule's columns, else its text."""
    columns = rule.columns if rule else ()
    if columns and not values:
        # Records rejected against others are kept as a line of their columns in the contract's order.
        texts = raw.split(",")
        names = [f.name for f in contract.source_fields]
        values = dict(zip(names, texts, strict=True)) if len(texts) == len(names) else {}
    if columns and values:
        return tuple((c, _shown(contract.field(c).pii, values.get(c, ""))) for c in columns)
    return (("record", _shown(any(f.pii for f in contract.fields), raw)),)


def _shown(pii: bool, text: str) -> str:
    return f"•••• ({len(text)} characters)" if pii else _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_LENGTH else text[: _VALUE_LENGTH - 1] + "…"
