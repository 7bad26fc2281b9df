"""The warehouse's statements: from the contracts, in Redshift's SQL, and what they become on PostgreSQL.

`python -m tests.etl.test_warehouse_model` writes the golden files anew.
"""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot.dialects.redshift import Redshift

from etl.contract import GOLD_TABLES, RAW_DATASETS, load, parse
from etl.warehouse.columns import TEXT_BYTES, column_type, width
from etl.warehouse.data_api import STATEMENTS_AT_ONCE
from etl.warehouse.document import LEDGER, WarehouseModel, WarehouseTable, digest
from etl.warehouse.load import UNITS_AT_ONCE, Unit, Work, due, portions, statements
from etl.warehouse.model import ANALYTICS, RAW_DATA, REPORTING, SCHEMAS, model
from local.warehouse.dialect import as_copy, to_postgres

GOLDEN = Path(__file__).with_name("golden")
MODEL = model()
TABLE = WarehouseTable("raw_data.t", "day", "index.json", "CREATE TABLE raw_data.t (day DATE)")


def units(count: int, content: str = "new") -> tuple[Unit, ...]:
    return tuple(Unit(f"day-{n:04d}", f"processed/t/{n}.parquet", 1, content) for n in range(count))


def rendered(target: str) -> str:
    made = MODEL.statements if target == "redshift" else map(to_postgres, MODEL.statements)
    return "".join(f"{statement};\n\n" for statement in made)


@pytest.mark.parametrize("target", ["redshift", "postgres"])
def test_the_statements_are_the_golden_ones(target: str) -> None:
    assert (GOLDEN / f"warehouse.{target}.sql").read_text(encoding="utf-8") == rendered(target), __doc__


def test_every_statement_is_redshifts_sql() -> None:
    work = Work(TABLE, units(2), ("day-9999",), anew=True)
    for statement in (*MODEL.statements, *statements(work, "s3://lake/", "arn:aws:iam::1:role/r")):
        if as_copy(statement) is None and not statement.startswith("LOCK "):
            (tree,) = sqlglot.parse(statement, read="redshift")
            assert tree is not None
            assert tree.key != "command", statement


def test_no_name_is_a_reserved_word_of_redshift() -> None:
    reserved = {word.lower() for word in Redshift.Generator.RESERVED_KEYWORDS}
    assert "user" in reserved
    for name in (*RAW_DATASETS, *GOLD_TABLES):
        assert not {field.name for field in load(name).stored_fields} & reserved
        assert name not in reserved


def test_columns_come_in_the_order_of_the_parquet_files() -> None:
    """COPY assigns by place, not by name."""
    for table in MODEL.tables:
        body = table.create[table.create.index("(\n") : table.create.index("\n)")]
        columns = [line.split()[0] for line in body.splitlines()[1:] if "PRIMARY KEY" not in line]
        assert columns == [field.name for field in load(table.name.rpartition(".")[2]).stored_fields]


def test_tables_lie_where_the_architecture_says_and_know_their_units() -> None:
    assert set(SCHEMAS) == {RAW_DATA, ANALYTICS, REPORTING}
    assert [t.name for t in MODEL.tables] == [
        *(f"{RAW_DATA}.{name}" for name in RAW_DATASETS),
        *(f"{ANALYTICS}.{name}" for name in GOLD_TABLES),
    ]
    for table in MODEL.tables:
        assert table.unit_column == load(table.name.rpartition(".")[2]).partition_date
    assert WarehouseModel.from_json(MODEL.to_json()) == MODEL


def test_no_report_shows_personal_data() -> None:
    personal = {f.name for name in RAW_DATASETS for f in load(name).fields if f.pii}
    assert {"tax_id", "cups", "email", "name"} <= personal
    for view in (view.create for view in MODEL.views):
        tree = sqlglot.parse_one(view, read="redshift")
        shown = {column.name for column in tree.find_all(sqlglot.exp.Column)}
        if "raw_data.clients" in view:
            assert not shown & personal, view
        else:
            assert not shown & (personal - {"name"}), view  # a provider's name is no personal data
    assert not any(f.pii for f in load("providers").fields)


def test_views_are_bound_late_so_that_tables_can_be_made_anew() -> None:
    for view in (view.create for view in MODEL.views):
        assert view.endswith("WITH NO SCHEMA BINDING")
        for table in re.findall(r"(?:FROM|JOIN) (\S+)", view):
            assert "." in table or table == "newest", "late binding needs the schema's name"


def test_texts_are_as_wide_as_their_rules_and_no_narrower_than_what_has_none() -> None:
    fields = {f.name: width(f) for f in load("clients").stored_fields if f.type == "string"}
    assert (fields["client_id"], fields["cups"], fields["tariff"]) == (7, 22, 5)
    assert fields["name"] == fields["email"] == TEXT_BYTES
    gold = {f.name: column_type(f) for f in load("daily_energy_consumption").stored_fields}
    assert gold["client_id"] == "VARCHAR(7)"
    assert gold["bought_mwh"] == "DECIMAL(24,6)"
    text = (Path(__file__).parents[2] / "etl" / "contracts" / "clients.yaml").read_text(encoding="utf-8")
    wider = parse(text.replace("C[0-9]{6}", "C[0-9]{6}.*"), "clients.yaml")
    assert width(wider.field("tariff")) == 5
    assert width(wider.field("client_id")) == 7, "a transaction's client still has the bounded form"


def test_what_is_due_is_what_changed() -> None:
    held = {("raw_data.t", ""): "x", ("raw_data.t", "day-0000"): "new", ("raw_data.t", "day-0007"): "new"}
    assert due(TABLE, units(2), held).anew, "another definition"
    work = due(TABLE, units(2), held | {("raw_data.t", ""): digest(TABLE.create)})
    assert ([u.day for u in work.load], work.empty, work.anew) == (["day-0001"], ("day-0007",), False)
    nothing = due(
        TABLE, units(1), {("raw_data.t", ""): digest(TABLE.create), ("raw_data.t", "day-0000"): "new"}
    )
    assert list(portions(nothing)) == []


@pytest.mark.parametrize("count", [0, 1, UNITS_AT_ONCE, UNITS_AT_ONCE + 1, 10 * UNITS_AT_ONCE])
def test_no_transaction_has_more_statements_than_the_data_api_takes(count: int) -> None:
    parts = list(portions(Work(TABLE, units(count), ("day-9999",), anew=True)))
    assert sum(len(part.load) for part in parts) == count
    assert [part.anew for part in parts] == [True] + [False] * (len(parts) - 1)
    for part in parts:
        sqls = statements(part, "s3://lake/", "arn:aws:iam::1:role/r")
        assert len(sqls) <= STATEMENTS_AT_ONCE
        assert sqls[0] == f"LOCK {LEDGER}"
        assert not any(re.match(r"TRUNCATE|COMMIT|VACUUM", sql) for sql in sqls), "they would end it"


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for target in ("redshift", "postgres"):
        (GOLDEN / f"warehouse.{target}.sql").write_text(rendered(target), encoding="utf-8")
