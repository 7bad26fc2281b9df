"""The access matrix: who may read which columns and rows of which table, read from one file and checked."""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
import yaml
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from components.schema import Problem
from etl.catalog import Table, Zone
from etl.errors import DataLakeError

FILE = Path(__file__).with_suffix(".yaml")
PERSONAS = ("data-engineers", "analysts", "reporting", "data-science")
SENSITIVITY = ("internal", "pii")
TAG_KEYS = ("zone", "domain", "sensitivity")

_ROW_TERMS = (
    exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In,
    exp.Between, exp.Like, exp.Is, exp.Null, exp.Column, exp.Identifier, exp.Literal, exp.Neg, exp.Boolean,
)  # fmt: skip
"""https://docs.aws.amazon.com/lake-formation/latest/dg/partiql-support.html"""


@dataclass(frozen=True)
class Read:
    """One table a persona may read: `columns` None means all, `rows` None means every row."""

    zone: Zone
    table: str
    columns: tuple[str, ...] | None
    rows: str | None


@dataclass(frozen=True)
class Persona:
    """A group of people with one role; it reads by LF-tags, or table by table."""

    name: str
    description: str
    pii: bool
    reads: tuple[Read, ...]
    tags: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class View:
    """What a persona sees of one table; `whole` when that is every column and every row."""

    persona: str
    zone: Zone
    table: str
    columns: tuple[str, ...]
    rows: str | None
    whole: bool


@dataclass(frozen=True)
class AccessMatrix:
    """Every persona, and each dataset's domain."""

    personas: tuple[Persona, ...]
    domains: Mapping[str, str]

    def tag_values(self, key: str) -> tuple[str, ...]:
        """Return every value of an LF-tag."""
        if key == "zone":
            return tuple(zone.value for zone in Zone)
        return SENSITIVITY if key == "sensitivity" else tuple(sorted(set(self.domains.values())))

    def views(self, tables: Mapping[Zone, Sequence[Table]]) -> tuple[View, ...]:
        """Return what each persona sees of each table; tables it sees nothing of are left out."""
        return tuple(
            view
            for persona in self.personas
            for group in tables.values()
            for table in group
            for view in self._view(persona, table)
        )

    def _view(self, persona: Persona, table: Table) -> Iterator[View]:
        everything = (*table.columns, *table.partitions)
        rows: str | None = None
        if persona.tags:
            columns = [column.name for column in everything if self._tagged(persona, table, column.pii)]
        else:
            read = next((r for r in persona.reads if (r.zone, r.table) == (table.zone, table.name)), None)
            if read is None:
                return
            wanted, rows = read.columns, read.rows
            columns = [
                column.name
                for column in everything
                if (wanted is None or column.name in wanted) and (persona.pii or not column.pii)
            ]
        if columns:
            whole = rows is None and len(columns) == len(everything)
            yield View(persona.name, table.zone, table.name, tuple(columns), rows, whole)

    def _tagged(self, persona: Persona, table: Table, pii: bool) -> bool:
        """Whether a column carries a value of each LF-tag that the persona reads by."""
        carried = {
            "zone": table.zone.value,
            "domain": self.domains[table.name],
            "sensitivity": "pii" if pii else "internal",
        }
        return all(carried[key] in values for key, values in persona.tags.items())


class AccessMatrixError(DataLakeError):
    """The access matrix cannot be used; `problems` holds every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{len(problems)} entries of the access matrix cannot be used:"]
        for problem in problems:
            lines.append(f"  {problem.key}" + (f" is {problem.given}" if problem.given else ""))
            lines.append(f"    allowed: {problem.allowed}")
        super().__init__("\n".join(lines), where=FILE.name, fix=f"edit components/{FILE.name}")


def load(tables: Mapping[Zone, Sequence[Table]], text: str | None = None) -> AccessMatrix:
    """Read the matrix (`text`, else the file) against the contracts' tables; report every problem at once."""
    try:
        raw = yaml.safe_load(FILE.read_text(encoding="utf-8") if text is None else text)
    except yaml.YAMLError as error:
        raise AccessMatrixError([Problem("the file", "", f"YAML: {error}")]) from error
    reader = _Reader(tables)
    matrix = reader.matrix(raw if isinstance(raw, dict) else {})
    if reader.problems:
        raise AccessMatrixError(reader.problems)
    return matrix


class _Reader:
    """Collects problems instead of stopping at the first."""

    def __init__(self, tables: Mapping[Zone, Sequence[Table]]) -> None:
        self.tables = {(zone.value, table.name): table for zone, group in tables.items() for table in group}
        self.problems: list[Problem] = []

    def matrix(self, raw: Mapping[str, Any]) -> AccessMatrix:
        self._known("", raw, ("personas", "domains"))
        domains = self._domains(self._mapping("domains", raw.get("domains")))
        personas = self._mapping("personas", raw.get("personas"))
        self._known("personas", personas, PERSONAS)
        for name in PERSONAS:
            if name not in personas:
                self._wrong(f"personas.{name}", "not set", "every persona, even one that reads nothing")
        return AccessMatrix(
            tuple(
                self._persona(name, self._mapping(f"personas.{name}", entry), set(domains.values()))
                for name, entry in personas.items()
            ),
            domains,
        )

    def _domains(self, raw: Mapping[str, Any]) -> dict[str, str]:
        datasets = sorted({name for _, name in self.tables})
        found: dict[str, str] = {}
        for domain, members in raw.items():
            for dataset in members if isinstance(members, list) else [members]:
                self._known(f"domains.{domain}", [dataset], datasets)
                if dataset in found:
                    self._wrong(
                        f"domains.{domain}", str(dataset), f"one domain; it is in {found[dataset]} too"
                    )
                found[str(dataset)] = str(domain)
        for dataset in datasets:
            if dataset not in found:
                self._wrong("domains", "not set", f"a domain for the dataset {dataset}")
        return found

    def _persona(self, name: str, raw: Mapping[str, Any], domains: set[str]) -> Persona:
        path = f"personas.{name}"
        self._known(path, raw, ("description", "pii", "tags", "reads"))
        pii, description = raw.get("pii"), raw.get("description")
        if not isinstance(pii, bool):
            self._wrong(f"{path}.pii", str(pii), "true or false: whether it sees personal data")
        if not isinstance(description, str) or not description:
            self._wrong(f"{path}.description", str(description), "what the persona is for, in words")
        if "tags" in raw and "reads" in raw:
            self._wrong(path, "", "either tags or reads: two ways to the same column add up")
        allowed = {"zone": [z.value for z in Zone], "domain": sorted(domains), "sensitivity": SENSITIVITY}
        tags = self._mapping(f"{path}.tags", raw.get("tags", {}))
        self._known(f"{path}.tags", tags, TAG_KEYS)
        for key in set(tags) & set(TAG_KEYS):
            self._known(f"{path}.tags.{key}", tags[key], allowed[key])
        if tags and not {"zone", "sensitivity"} <= set(tags):
            self._wrong(f"{path}.tags", ", ".join(tags), "zone and sensitivity at least")
        if not pii and "pii" in tags.get("sensitivity", ()):
            self._wrong(f"{path}.tags.sensitivity", "pii", "internal, while pii is false")
        reads = tuple(self._reads(path, bool(pii), self._mapping(f"{path}.reads", raw.get("reads", {}))))
        return Persona(name, str(description), bool(pii), reads, {k: tuple(v) for k, v in tags.items()})

    def _reads(self, path: str, pii: bool, raw: Mapping[str, Any]) -> Iterator[Read]:
        self._known(f"{path}.reads", raw, [zone.value for zone in Zone])
        for zone in (zone for zone in Zone if zone.value in raw):
            here = f"{path}.reads.{zone.value}"
            entries = self._mapping(here, raw[zone.value])
            self._known(here, entries, [name for place, name in self.tables if place == zone.value])
            for name, entry in entries.items():
                table = self.tables.get((zone.value, name))
                if table is not None:
                    yield self._read(f"{here}.{name}", pii, table, self._mapping(f"{here}.{name}", entry))

    def _read(self, path: str, pii: bool, table: Table, raw: Mapping[str, Any]) -> Read:
        self._known(path, raw, ("columns", "rows"))
        columns = {column.name: column for column in (*table.columns, *table.partitions)}
        wanted = raw.get("columns")
        if wanted is not None:
            self._known(f"{path}.columns", wanted, list(columns))
            for name in wanted:
                if name in columns and columns[name].pii and not pii:
                    self._wrong(f"{path}.columns", name, "no personal data, while the persona's pii is false")
        visible = [c for n, c in columns.items() if (wanted is None or n in wanted) and (pii or not c.pii)]
        if not visible:
            self._wrong(path, "", "a table of which the persona sees a column")
        rows = raw.get("rows")
        if rows is not None:
            self._rows(f"{path}.rows", rows, set(columns))
        return Read(table.zone, table.name, None if wanted is None else tuple(wanted), rows)

    def _rows(self, path: str, rows: object, columns: set[str]) -> None:
        try:
            tree = sqlglot.parse_one(str(rows), read="athena")
        except SqlglotError:
            self._wrong(path, str(rows), "a condition on a row, such as completeness >= 1")
            return
        for node in tree.walk():
            if not isinstance(node, _ROW_TERMS):
                self._wrong(
                    path, str(rows), f"no {type(node).__name__.lower()}: Lake Formation cannot test it"
                )
        self._known(path, sorted({column.name for column in tree.find_all(exp.Column)}), sorted(columns))

    def _mapping(self, path: str, raw: Any) -> Mapping[str, Any]:
        if isinstance(raw, dict):
            return {str(key): value for key, value in raw.items()}
        self._wrong(path, str(raw), "a mapping")
        return {}

    def _known(self, path: str, names: Iterable[Any], known: Sequence[str]) -> None:
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(str(name), known, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                self._wrong(f"{path}.{name}".lstrip("."), "", "one of " + ", ".join(known) + hint)

    def _wrong(self, key: str, given: str, allowed: str) -> None:
        self.problems.append(Problem(key, given, allowed))
