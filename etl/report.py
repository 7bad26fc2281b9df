"""A data steward's report: which records were rejected, where, why, and what to do."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from etl.contract import load, rule_index
from etl.engine import read_parquet
from etl.store import Store
from etl.summary import RunSummary, UnitResult

EXAMPLES = 5
_VALUE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule of one record: `field` and `value` are empty when the rule is not about one column.

    Personal data is masked in `value`. Line 0 stands for the whole file.
    """

    dataset: str
    file: str
    line: int
    field: str
    value: str
    rule: str
    meaning: str
    fix: str


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
            f"SELECT source_object, source_line, fields, reasons FROM {read_parquet(paths)} "
            "ORDER BY source_object, source_line"
        )
        while batch := rows.fetchmany(10_000):
            for source_object, line, fields, reasons in batch:
                yield from _of_record(dataset, source_object, line, fields, reasons)


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
    by_rule: dict[str, list[Finding]] = {}
    counts: dict[str, int] = {}
    for finding in findings(store, unit.dataset, unit.unit, evidence=evidence):
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
        kept = by_rule.setdefault(finding.rule, [])
        if len(kept) < examples:
            kept.append(finding)
    for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        first = by_rule[rule][0]
        lines.append(f"  {rule}  ×{count}  {first.meaning}")
        lines.append(f"    what to do: {first.fix}")
        lines += [f"    {_place(f)}" for f in by_rule[rule]]
        if count > examples:
            lines.append(f"    … and {count - examples} more in the table quarantine")
    return "\n".join(lines)


def _place(finding: Finding) -> str:
    where = f"{finding.file}:{finding.line}" if finding.line else f"{finding.file} (the whole file)"
    return f"{where}  {finding.field} = {finding.value!r}" if finding.field else where


def _of_record(
    dataset: str, source_object: str, line: int, fields: str | None, reasons: Iterable[str]
) -> Iterator[Finding]:
    rules = rule_index(dataset)
    values = json.loads(fields) if fields else {}
    for reason in reasons:
        rule = rules.get(reason)
        column = rule.column if rule and rule.column else ""
        yield Finding(
            dataset=dataset,
            file=source_object,
            line=line,
            field=column,
            value=_shown(dataset, column, str(values.get(column, ""))) if column else "",
            rule=reason,
            meaning=rule.description if rule else "a rule of an earlier version",
            fix=rule.fix if rule else "Judge the delivery again with the current rules.",
        )


def _shown(dataset: str, column: str, value: str) -> str:
    """Return a value as a report may show it: personal data masked, long text cut."""
    if load(dataset).field(column).pii:
        return f"•••• ({len(value)} characters)"
    return value if len(value) <= _VALUE_LENGTH else value[: _VALUE_LENGTH - 1] + "…"
