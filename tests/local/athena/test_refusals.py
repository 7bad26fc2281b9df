"""What the stand-in must not do: other statements, other files, other functions; and how it says so."""

from pathlib import Path

import pytest

from local.athena import QueryError
from local.athena.engine import Engine
from local.athena.statement import parse
from tests.local.athena.lake_support import Lake


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("CREATE TABLE x AS SELECT 1", "CREATE TABLE"),
        ("create external table x (a int) location 's3://b/'", "CREATE EXTERNAL TABLE"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE OR REPLACE VIEW"),
        ("INSERT INTO t VALUES (1)", "INSERT INTO"),
        ("UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'PARQUET')", "UNLOAD"),
        ("DROP TABLE t", "DROP TABLE"),
        ("DELETE FROM t", "DELETE FROM"),
        ("MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE", "MERGE INTO"),
        ("MSCK REPAIR TABLE t", "MSCK REPAIR"),
        ("ALTER TABLE t ADD PARTITION (d = '1')", "ALTER TABLE"),
        ("PREPARE p FROM SELECT 1", "PREPARE"),
        ("SHOW CREATE TABLE t", "SHOW CREATE"),
        ("EXPLAIN ANALYZE SELECT 1", "EXPLAIN ANALYZE"),
        ("COPY t TO '/tmp/x'", "COPY"),
        ("ATTACH '/tmp/x.db'", "ATTACH"),
        ("INSTALL httpfs", "INSTALL"),
        ("LOAD httpfs", "LOAD"),
        ("PRAGMA database_list", "PRAGMA"),
        ("SET threads = 8", "SET"),
        ("CALL x()", "CALL"),
        ("EXPORT DATABASE '/tmp/x'", "EXPORT"),
        ("-- SELECT\nDROP TABLE t", "DROP TABLE"),
        ("/* SELECT 1 */ DELETE FROM t", "DELETE FROM"),
    ],
)
def test_other_statement_is_refused_by_name_with_what_is_supported(sql: str, named: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(sql)

    assert caught.value.code == "NOT_SUPPORTED"
    assert str(caught.value).startswith(f"NOT_SUPPORTED: {named} is not supported here")
    assert "supported: SELECT" in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", "the statement is empty"),
        ("  -- nothing\n ;", "the statement is empty"),
        ("SELECT 1; SELECT 2", "Only one sql statement is allowed. Got 2"),
        ("SELECT 1; DROP TABLE t", "Only one sql statement is allowed. Got 2"),
        ("SELECT 1 FORM t", "SYNTAX_ERROR: line 1:"),
        ("SELECT 'a", "SYNTAX_ERROR"),
    ],
)
def test_anything_but_one_whole_statement_is_a_syntax_error(sql: str, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(sql)

    assert expected in str(caught.value)
    assert caught.value.code == "SYNTAX_ERROR"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/x.parquet')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM TABLE(read_text('/etc/passwd'))",
        "SELECT * FROM energy.trades, LATERAL (SELECT * FROM read_text('/etc/passwd')) AS x",
        "SELECT * FROM energy.trades FOR TIMESTAMP AS OF TIMESTAMP '2025-01-01 00:00:00'",
        "SELECT * FROM energy.trades MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS true)",
        "SELECT * EXCLUDE (note) FROM energy.trades",
        "SELECT DISTINCT ON (client) client FROM energy.trades",
        "SELECT max(price, 3) FROM energy.trades",
        "SELECT @x",
        "SELECT ?",
        "SELECT {'a': 1}",
        "SELECT * FROM (PIVOT energy.trades ON client USING sum(mwh))",
    ],
)
def test_construct_outside_the_dialect_is_refused(lake: Lake, sql: str) -> None:
    with pytest.raises(QueryError) as caught:
        lake.query(sql)

    assert caught.value.code in ("NOT_SUPPORTED", "SYNTAX_ERROR")


@pytest.mark.parametrize(
    "call",
    [
        "getenv('HOME')",
        "current_setting('home_directory')",
        "query('SELECT 1')",
        "read_text('/etc/passwd')",
        "athena_to_varchar(1)",
        "pg_read_file('/etc/passwd')",
        "error('x')",
        "version()",
        "struct_pack(1)",
        "\"read_text\"('/etc/passwd')",
    ],
)
def test_function_that_athena_does_not_have_is_refused_with_its_place(lake: Lake, call: str) -> None:
    with pytest.raises(QueryError) as caught:
        lake.query(f"SELECT 1,\n  {call}")

    assert caught.value.code == "FUNCTION_NOT_FOUND"
    assert "line 2:3: Function '" in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [
        "'/etc/passwd'",
        '"/etc/passwd"',
        "\"read_text('/etc/passwd')\"",
        "energy.\"trades'; COPY (SELECT 1) TO '/tmp/owned'; --\"",
        "information_schema.tables",
        "duckdb_tables",
        "scan_0",
        '"main"."scan_0"',
        "sqlite_master",
    ],
)
def test_name_that_is_no_table_of_the_catalog_is_never_read(lake: Lake, name: str) -> None:
    with pytest.raises(QueryError) as caught:
        lake.query(f"SELECT * FROM {name}", database="energy")

    assert caught.value.code in ("TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "SYNTAX_ERROR", "NOT_SUPPORTED")
    assert not Path("/tmp/owned").exists()


@pytest.mark.parametrize(
    "text",
    [
        "x'; COPY (SELECT 1) TO '/tmp/owned'; --",
        'x"; DROP VIEW scan_0; --',
        "x\\'; SELECT 1",
        "'' OR 1=1",
        "x\n; ATTACH 'y'",
    ],
)
def test_text_in_quotes_stays_text(lake: Lake, text: str) -> None:
    quoted = text.replace("'", "''")

    assert lake.rows(f"SELECT '{quoted}' AS t FROM energy.trades WHERE client <> '{quoted}' LIMIT 1") == [
        (text,)
    ]
    alias = text.replace('"', '""')
    assert lake.query(f'SELECT 1 AS "{alias}"').columns == (text.lower(),)
    assert not Path("/tmp/owned").exists()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('{root}/secret.csv')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{root}/out.csv'",
        "ATTACH '{root}/other.db'",
        "INSTALL httpfs",
        "LOAD '{root}/x.duckdb_extension'",
        "SET enable_external_access = true",
        "SET allowed_directories = ['/']",
        "RESET lock_configuration",
        "CREATE SECRET s (TYPE s3)",
    ],
)
def test_engine_itself_reaches_nothing_but_its_folder(tmp_path: Path, sql: str) -> None:
    """The second wall: were hostile SQL to get through the translation, the engine would still refuse it."""
    folder = tmp_path / "query"
    folder.mkdir()
    (folder / "staged.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "secret.csv").write_text("a\nsecret\n", encoding="utf-8")

    with Engine(folder) as engine:
        assert engine.run("SELECT a FROM read_csv(?)", [str(folder / "staged.csv")]) == [(1,)]
        with pytest.raises(QueryError):
            engine.run(sql.format(root=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["query", "secret.csv"]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT prise FROM energy.trades", "COLUMN_NOT_FOUND: line 1:8: Column 'prise' cannot be resolved"),
        ("SELECT t.prise\nFROM energy.trades t", "COLUMN_NOT_FOUND: line 1:8"),
        ("SELECT 1\nFROM energy.trades\nWHERE prise > 1", "COLUMN_NOT_FOUND: line 3:7: Column 'prise'"),
        (
            "SELECT client FROM energy.trades GROUP BY client HAVING sum(mhw) > 1",
            "Column 'mhw' cannot be resolved",
        ),
        ("SELECT client AS c FROM energy.trades WHERE c = 'x'", "Column 'c' cannot be resolved"),
        ("WITH t AS (SELECT client FROM energy.trades) SELECT price FROM t", "columns here: client"),
        ("SELECT a.price FROM energy.trades a, energy.trades b WHERE day = '1'", "AMBIGUOUS_NAME: line 1:60"),
        (
            "SELECT * FROM energy.traders",
            "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.energy.traders' does not",
        ),
        ("SELECT * FROM enery.trades", "SCHEMA_NOT_FOUND: line 1:15: Schema 'enery' does not exist"),
        ("SELECT * FROM trades", "MISSING_SCHEMA_NAME: line 1:15: Schema must be specified"),
        ("SELECT * FROM other.energy.trades", "CATALOG_NOT_FOUND: line 1:15: Catalog 'other' does not exist"),
        (
            "SELECT * FROM energy.trades WHERE day = 25",
            "TYPE_MISMATCH: line 1:35: Cannot apply operator: varchar = integer",
        ),
        ("SELECT * FROM energy.trades WHERE delivery_start > '2025-01-01'", "TYPE_MISMATCH: line 1:35"),
        ("DESCRIBE energy.traders", "TABLE_NOT_FOUND: Table 'energy.traders' does not exist"),
        ("SHOW TABLES", "MISSING_SCHEMA_NAME"),
    ],
)
def test_typo_is_reported_with_its_place_as_athena_does(lake: Lake, sql: str, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        lake.query(sql)

    assert expected in str(caught.value)


def test_catalog_name_of_aws_is_accepted(lake: Lake) -> None:
    assert lake.value('SELECT count(*) FROM "AwsDataCatalog".energy.TRADES') == 72
