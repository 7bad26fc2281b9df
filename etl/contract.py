"""Data contracts (Open Data Contract Standard v3), the only place where a rule is declared."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from etl.checks import CHECKS, Level
from etl.errors import DataLakeError

RAW_DATASETS = ("providers", "clients", "transactions")
GOLD_TABLES = ("daily_energy_consumption", "provider_performance", "client_analytics")
OPERATIONS_TABLES = ("quarantine", "dq_results")
FILE_RULES = "raw_files"

_VERSION = re.compile(r"^version: *([0-9.]+)$", re.MULTILINE)
_TYPES = re.compile(r"string|int|bigint|boolean|double|date|timestamp|decimal\(\d+,\d+\)|array<string>")
_ZONES = {"raw", "processed", "curated"}
_CLASSES = {"pii", "internal"}


class Severity(StrEnum):
    """What a broken rule leads to.

    `reject` sends the record to quarantine, `reject-file` the whole file, `warn` accepts and counts it, and
    `fail-batch` publishes nothing of the load date.
    """

    REJECT = "reject"
    REJECT_FILE = "reject-file"
    WARN = "warn"
    FAIL_BATCH = "fail-batch"


@dataclass(frozen=True, slots=True)
class Rule:
    """One quality rule; `column` is None for rules on a record, a file or a set of records.

    `columns` are the ones to look at when it is broken: its own, or those that a rule on a record names.
    """

    id: str
    check: str
    severity: Severity
    description: str
    fix: str
    column: str | None
    case: int | None
    arguments: Mapping[str, Any]
    threshold: float | None
    minimum_rows: int
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One column: `type` in Hive's notation, `unit` of measure, `pii` if it is personal data."""

    name: str
    type: str
    description: str
    required: bool
    key: int
    unit: str | None
    pii: bool
    upper: bool
    derived: str | None
    partition: int
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Contract:
    """One dataset: its columns, its rules, where it lives and how it is laid out."""

    name: str
    version: str
    description: str
    zones: tuple[str, ...]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    partition_date: str | None
    sorted_by: tuple[str, ...]
    allow_empty_day: bool
    digest: str

    @property
    def source_fields(self) -> tuple[Field, ...]:
        """Columns that arrive in the CSV, in the order of its header."""
        return tuple(f for f in self.fields if f.derived is None)

    @property
    def stored_fields(self) -> tuple[Field, ...]:
        """Columns inside the Parquet files: all but the partition columns, which the path carries."""
        return tuple(f for f in self.fields if not f.partition)

    @property
    def partitions(self) -> tuple[Field, ...]:
        """Partition columns in the order of the path."""
        return tuple(sorted((f for f in self.fields if f.partition), key=lambda f: f.partition))

    @property
    def key(self) -> tuple[str, ...]:
        """Columns of the primary key."""
        return tuple(f.name for f in sorted((f for f in self.fields if f.key), key=lambda f: f.key))

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        """Rules of the columns, then rules of the record and the set, in the order declared."""
        return tuple(r for f in self.fields for r in f.rules) + self.rules

    def rule(self, check: str) -> Rule:
        """Return the rule that uses `check`; KeyError when none or several do."""
        found = [r for r in self.all_rules if r.check == check]
        if len(found) != 1:
            raise KeyError(f"{self.name}: {len(found)} rules use the check {check}")
        return found[0]

    def field(self, name: str) -> Field:
        """Return the column `name`; KeyError when there is none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(f"{self.name} has no column {name}")


@cache
def load(name: str) -> Contract:
    """Return the shipped contract `name`, checked; DataLakeError lists every fault in it at once."""
    return parse(_text(name), f"etl/contracts/{name}.yaml")


@cache
def _text(name: str) -> str:
    resource = resources.files("etl.contracts").joinpath(f"{name}.yaml")
    if not resource.is_file():
        raise DataLakeError(
            f"There is no contract for {name!r}.",
            where="etl/contracts",
            fix=f"Use one of {', '.join(names())}.",
        )
    return resource.read_text(encoding="utf-8")


def names() -> tuple[str, ...]:
    """Names of the shipped contracts, those of files included."""
    return (*RAW_DATASETS, *OPERATIONS_TABLES, *GOLD_TABLES, FILE_RULES)


def rule_version(name: str) -> str:
    """Version of the rules that judge `name`: the contract's version and a digest of what is declared."""
    own, common = _text(name), _text(FILE_RULES)
    digest = hashlib.sha256(f"{_digest(own)}{_digest(common)}".encode()).hexdigest()
    # A run that finds nothing to do has no need of what the contracts say.
    version = _VERSION.search(own)
    return f"{version.group(1) if version else load(name).version}+{digest[:12]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def rule_index(name: str) -> Mapping[str, Rule]:
    """Every rule that can judge a row or file of `name`, by id."""
    return {r.id: r for r in (*load(FILE_RULES).all_rules, *load(name).all_rules)}


def parse(text: str, where: str) -> Contract:
    """Parse and check one contract; DataLakeError lists every fault at once."""
    import yaml  # noqa: PLC0415  see rule_version

    try:
        # libyaml parses ten times as fast; not every build of PyYAML has it.
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise DataLakeError(f"The contract is not YAML: {error}", where=where) from error
    parser = _Parser()
    contract = parser.contract(document, _digest(text))
    if parser.faults or contract is None:
        listed = "\n".join(f"  - {fault}" for fault in parser.faults)
        raise DataLakeError(
            f"The contract has {len(parser.faults)} fault(s):\n{listed}", where=where, fix="Mend each line."
        )
    return contract


class _Parser:
    """Collects faults instead of stopping at the first."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: set[str] = set()

    def contract(self, document: Any, digest: str) -> Contract | None:
        if not isinstance(document, dict):
            self.faults.append("the document is not a mapping")
            return None
        if not str(document.get("apiVersion", "")).startswith("v3."):
            self.faults.append(f"apiVersion is {document.get('apiVersion')!r}, expected v3.x")
        if document.get("kind") != "DataContract":
            self.faults.append(f"kind is {document.get('kind')!r}, expected DataContract")
        self._texts(document, "contract", "id", "name", "version", "status")
        schema = document.get("schema")
        if not isinstance(schema, list) or len(schema) != 1 or not isinstance(schema[0], dict):
            self.faults.append("schema must hold exactly one object")
            return None
        table = schema[0]
        self._texts(table, "schema", "name", "description")
        properties = self._properties(table, "schema")
        zones = tuple(str(z) for z in properties.get("zones", ()))
        self.faults += [f"unknown zone {z!r}" for z in zones if z not in _ZONES]
        fields = tuple(self._field(f) for f in table.get("properties", ()))
        repeated = {f.name for f in fields if sum(g.name == f.name for g in fields) > 1}
        self.faults += [f"column {name} is declared twice" for name in sorted(repeated)]
        known = {f.name for f in fields}
        sorted_by = tuple(str(c) for c in properties.get("sortedBy", ()))
        partition_date = properties.get("partitionDate")
        self.faults += [
            f"{c} in sortedBy or partitionDate is not a column"
            for c in (*sorted_by, *((partition_date,) if partition_date else ()))
            if c not in known
        ]
        rules = tuple(self._rule(r, None) for r in table.get("quality", ()))
        self.faults += [
            f"rule {r.id}: {c} in columns is not a column" for r in rules for c in r.columns if c not in known
        ]
        return Contract(
            name=str(table.get("name")),
            version=str(document.get("version")),
            description=str(table.get("description")),
            zones=zones,
            fields=fields,
            rules=rules,
            partition_date=partition_date,
            sorted_by=sorted_by,
            allow_empty_day=bool(properties.get("allowEmptyDay", False)),
            digest=digest,
        )

    def _field(self, item: Mapping[str, Any]) -> Field:
        name = str(item.get("name"))
        self._texts(item, f"column {name}", "name", "physicalType", "description", "classification")
        kind = str(item.get("physicalType"))
        if not _TYPES.fullmatch(kind):
            self.faults.append(f"column {name}: unknown physicalType {kind!r}")
        if item.get("classification") not in _CLASSES:
            self.faults.append(f"column {name}: classification must be one of {sorted(_CLASSES)}")
        properties = self._properties(item, f"column {name}")
        return Field(
            name=name,
            type=kind,
            description=str(item.get("description")),
            required=bool(item.get("required", False)),
            key=int(item.get("primaryKeyPosition", 0)) if item.get("primaryKey") else 0,
            unit=properties.get("unit"),
            pii=item.get("classification") == "pii",
            upper=properties.get("normalise") == "upper",
            derived=item.get("transformLogic"),
            partition=int(item.get("partitionKeyPosition", 0)) if item.get("partitioned") else 0,
            rules=tuple(self._rule(r, name) for r in item.get("quality", ())),
        )

    def _rule(self, item: Mapping[str, Any], column: str | None) -> Rule:
        rule_id = str(item.get("name"))
        where = f"rule {rule_id}"
        self._texts(item, where, "name", "severity", "description", "dimension")
        if rule_id in self.seen:
            self.faults.append(f"{where} is declared twice")
        self.seen.add(rule_id)
        implementation = item.get("implementation")
        arguments = dict(implementation) if isinstance(implementation, dict) else {}
        check = str(arguments.pop("check", None))
        if check not in CHECKS:
            self.faults.append(f"{where}: unknown check {check!r}")
        elif missing := CHECKS[check].arguments - set(arguments):
            self.faults.append(f"{where}: check {check} needs {', '.join(sorted(missing))}")
        elif CHECKS[check].on_column != (column is not None):
            self.faults.append(
                f"{where}: check {check} is for {'a column' if column is None else 'a record'}"
            )
        properties = self._properties(item, where)
        if not properties.get("fix"):
            self.faults.append(f"{where}: no fix says what to do")
        severity = str(item.get("severity"))
        if severity not in set(Severity):
            self.faults.append(f"{where}: severity {severity!r} is not one of {', '.join(Severity)}")
            severity = Severity.REJECT
        if check in CHECKS and CHECKS[check].level is Level.REFERENCE and severity == Severity.WARN:
            self.faults.append(f"{where}: a rule against the dimensions must reject, not warn")
        threshold = properties.get("threshold")
        if threshold is not None and not 0 <= float(threshold) <= 1:
            self.faults.append(f"{where}: threshold {threshold} is not a ratio between 0 and 1")
        return Rule(
            id=rule_id,
            check=check,
            severity=Severity(severity),
            description=str(item.get("description")),
            fix=str(properties.get("fix")),
            column=column,
            case=properties.get("case"),
            arguments=arguments,
            threshold=None if threshold is None else float(threshold),
            minimum_rows=int(properties.get("minimumRows", 0)),
            columns=(column,) if column else tuple(str(c) for c in properties.get("columns", ())),
        )

    def _texts(self, item: Mapping[str, Any], where: str, *keys: str) -> None:
        self.faults += [
            f"{where}: {k} is missing" for k in keys if not isinstance(item.get(k), str) or not item[k]
        ]

    def _properties(self, item: Mapping[str, Any], where: str) -> dict[str, Any]:
        try:
            return {p["property"]: p["value"] for p in item.get("customProperties", ())}
        except (KeyError, TypeError):
            self.faults.append(f"{where}: customProperties must be a list of property/value pairs")
            return {}
