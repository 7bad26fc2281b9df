"""What a team would write by hand on DuckDB: the transactions' checks in one script.

Usage: python by_hand_duckdb.py RAW OUT. Reads RAW/transactions/<date>/*.csv and the dimensions, writes
OUT/silver/year=…/month=…/day=…/*.parquet and OUT/quarantine.parquet (source_object, source_line, reasons).
The dimension files are typed without checks of their own.
"""

import sys
from pathlib import Path

import duckdb

TEXTS = (
    "transaction_id", "version", "client_id", "provider_id", "side", "market", "bidding_zone", "delivery_start",
    "delivery_end", "quantity_mwh", "price_eur_mwh", "currency", "status", "executed_at", "updated_at",
)  # fmt: skip
PATTERNS = {"transaction_id": "T[0-9]{10}", "client_id": "C[0-9]{6}", "provider_id": "P[0-9]{4}"}
CODES = {
    "side": ("BUY", "SELL"),
    "market": ("DAY_AHEAD", "INTRADAY", "FORWARD", "BILATERAL"),
    "bidding_zone": ("ES", "PT"),
    "currency": ("EUR",),
    "status": ("NEW", "CONFIRMED", "AMENDED", "CANCELLED", "SETTLED"),
}
INSTANTS = ("delivery_start", "delivery_end", "executed_at", "updated_at")
NUMBERS = ("quantity_mwh", "price_eur_mwh")
UPPER = {*PATTERNS, *CODES}
CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?"
INSTANT = f"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{CLOCK}(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?"


def main(raw: Path, out: Path) -> None:
    """Run the whole pipeline."""
    out.mkdir(parents=True, exist_ok=True)
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'; SET memory_limit = '1200MB'")
    db.execute(f"SET temp_directory = '{out / 'spill'}'")
    load_raw(db, raw)
    load_dimensions(db, raw)
    db.execute(f"CREATE TABLE typed AS {typed()}")
    db.execute("DROP TABLE bronze")
    db.execute(f"CREATE TABLE judged AS {judged()}")
    db.execute("DROP TABLE typed")
    db.execute(f"CREATE TABLE settled AS {settled()}")
    columns = ", ".join(
        (
            *TEXTS,
            "load_date",
            "source_object",
            "source_line",
            "delivery_date",
            "duration_minutes",
            "amount_eur",
        )
    )
    db.execute(
        f"""COPY (SELECT {columns}, year(delivery_date) AS year, month(delivery_date) AS month,
            day(delivery_date) AS day FROM settled WHERE standing = 'current'
          ORDER BY delivery_date, client_id, delivery_start, transaction_id)
        TO '{out / "silver"}' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month, day))"""
    )
    db.execute(
        f"""COPY (
          SELECT source_object, source_line, reasons FROM judged WHERE len(reasons) > 0
          UNION ALL SELECT source_object, source_line, ['duplicate.conflict'] FROM settled
            WHERE standing = 'conflict'
          UNION ALL SELECT source_object, source_line, ['cancellation.unknown'] FROM settled
            WHERE standing = 'unknown_cancellation'
        ) TO '{out / "quarantine.parquet"}' (FORMAT parquet)"""
    )
    db.close()


def load_raw(db: duckdb.DuckDBPyConnection, raw: Path) -> None:
    """Read every file as text with its line numbers; a short row ends in NULL columns."""
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in TEXTS)
    first = 0
    texts = ", ".join(f"{name} VARCHAR" for name in TEXTS)
    db.execute(f"CREATE TABLE bronze ({texts}, load_date DATE, source_object VARCHAR, first BIGINT)")
    for path in sorted((raw / "transactions").glob("*/*.csv")):
        db.execute(
            f"""INSERT INTO bronze SELECT *, DATE '{path.parent.name}',
              'raw/transactions/{path.parent.name}/{path.name}', {first}
            FROM read_csv('{path}', columns = {{{columns}}}, header = false, skip = 1, delim = ',',
              quote = '', escape = '', auto_detect = false, null_padding = true, nullstr = '\x1e')"""
        )
        first = db.execute("SELECT count(*) FROM bronze").fetchall()[0][0]


def load_dimensions(db: duckdb.DuckDBPyConnection, raw: Path) -> None:
    """Read clients and providers; a load date sees the newest delivery up to it."""
    for name in ("clients", "providers"):
        key = f"{name[:-1]}_id"
        power = "CAST(contracted_power_kw AS DECIMAL(18,6))" if name == "clients" else "NULL"
        db.execute(
            f"""CREATE TABLE {name} AS SELECT {key}, CAST(valid_from AS DATE) AS valid_from,
              coalesce(CAST(nullif(valid_to, '') AS DATE), DATE '9999-12-30') AS valid_to,
              {power} AS contracted_power_kw,
              CAST(regexp_extract(filename, '([0-9-]{{10}})/[^/]*$', 1) AS DATE) AS load_date
            FROM read_csv('{raw / name / "*" / "*.csv"}', all_varchar = true, filename = true, header = true)"""
        )


def typed() -> str:
    """Trim, normalise and cast."""
    clean = {n: f"trim(replace({n}, '\u00a0', ' '))" for n in TEXTS}
    texts = ", ".join(
        f"nullif({f'upper({clean[n]})' if n in UPPER else clean[n]}, '') AS t_{n}" for n in TEXTS
    )
    numbers = ", ".join(
        f"""CASE WHEN regexp_full_match(t_{n}, '[+-]?[0-9]+([.][0-9]+)?') THEN try_cast(t_{n} AS DECIMAL(18,6))
        WHEN regexp_full_match(t_{n}, '[+-]?[0-9]+,[0-9]+')
          AND NOT regexp_full_match(t_{n}, '[+-]?[1-9][0-9]{{0,2}},[0-9]{{3}}')
        THEN try_cast(replace(t_{n}, ',', '.') AS DECIMAL(18,6)) END AS {n}"""
        for n in NUMBERS
    )
    instants = ", ".join(
        f"""CASE WHEN NOT regexp_full_match(t_{n}, '{INSTANT}') THEN NULL
        WHEN regexp_matches(t_{n}, '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$')
        THEN CAST(try_cast(t_{n} AS TIMESTAMPTZ) AS TIMESTAMP)
        WHEN timezone('Europe/Madrid', timezone('Europe/Madrid', try_cast(t_{n} AS TIMESTAMP)))
          = try_cast(t_{n} AS TIMESTAMP)
        THEN CAST(timezone('Europe/Madrid', try_cast(t_{n} AS TIMESTAMP)) AS TIMESTAMP) END AS {n}"""
        for n in INSTANTS
    )
    plain = ", ".join(f"t_{n} AS {n}" for n in TEXTS if n in UPPER)
    return f"""SELECT *, CAST(timezone('Europe/Madrid', delivery_start AT TIME ZONE 'UTC') AS DATE) AS delivery_date,
        CAST((epoch_us(delivery_end) - epoch_us(delivery_start)) // 60000000 AS INTEGER) AS duration_minutes,
        try_cast(CAST(quantity_mwh AS DECIMAL(20,6)) * price_eur_mwh AS DECIMAL(18,6)) AS amount_eur
      FROM (SELECT {plain}, {numbers}, {instants},
        CASE WHEN regexp_full_match(t_version, '[1-9][0-9]{{0,8}}') THEN CAST(t_version AS INTEGER) END AS version,
        {", ".join(f"t_{n}" for n in (*NUMBERS, *INSTANTS, "version"))}, ragged, load_date, source_object,
        source_line
      FROM (SELECT {texts}, updated_at IS NULL AS ragged, load_date, source_object,
        rowid - first + 2 AS source_line FROM bronze))"""


def reasons() -> list[str]:
    """Each rule as a condition over the typed columns."""
    found = []
    for n in TEXTS:
        text = n if n in UPPER else f"t_{n}"
        found.append((f"{n}.required", f"{text} IS NULL"))
        if n in PATTERNS:
            found.append((f"{n}.pattern", f"NOT regexp_full_match({n}, '{PATTERNS[n]}')"))
        elif n in CODES:
            found.append((f"{n}.code", f"{n} NOT IN {CODES[n]}".replace(",)", ")")))
        elif n in NUMBERS:
            broken = f"t_{n} IS NOT NULL AND {n} IS NULL"
            overflow = f"regexp_full_match(t_{n}, '[+-]?[0-9]+([.,][0-9]+)?')"
            found.append((f"{n}.number", f"{broken} AND NOT {overflow}"))
            found.append((f"{n}.overflow", f"{broken} AND {overflow}"))
        elif n in INSTANTS:
            shape = f"regexp_full_match(t_{n}, '{INSTANT}')"
            found.append((f"{n}.timestamp_format", f"NOT {shape}"))
            found.append((f"{n}.timestamp_impossible", f"{shape} AND {n} IS NULL"))
            found.append((f"{n}.timestamp_range", f"year({n}) NOT BETWEEN 2000 AND 2099"))
        else:
            found.append((f"{n}.integer", f"t_{n} IS NOT NULL AND {n} IS NULL"))
    period = "CASE WHEN delivery_date >= DATE '2025-10-01' THEN 15 ELSE 60 END"
    found += [
        ("quantity_mwh.negative", "quantity_mwh < 0"),
        ("price_eur_mwh.limits", "price_eur_mwh NOT BETWEEN -500 AND 4000"),
        ("period.order", "delivery_end <= delivery_start"),
        ("period.aligned", f"epoch_us(delivery_start) % (CAST(60000000 AS BIGINT) * {period}) <> 0"),
        ("period.length", f"delivery_end > delivery_start AND duration_minutes <> {period}"),
        ("amount.overflow", "quantity_mwh IS NOT NULL AND price_eur_mwh IS NOT NULL AND amount_eur IS NULL"),
        ("client.unknown", "client_id IS NOT NULL AND known_client IS NULL"),
        ("client.validity", "known_client IS NOT NULL AND delivery_date IS NOT NULL AND valid_client IS NULL"),
        ("provider.unknown", "provider_id IS NOT NULL AND known_provider IS NULL"),
        ("provider.validity", "known_provider IS NOT NULL AND delivery_date IS NOT NULL AND valid_provider IS NULL"),
        ("quantity_mwh.contracted_power",
         "duration_minutes > 0 AND CAST(quantity_mwh AS DECIMAL(28,6)) * 60000 > CAST(contracted_power_kw AS DECIMAL(28,6)) * 2 * duration_minutes"),
    ]  # fmt: skip
    return [f"CASE WHEN {condition} THEN '{rule}' END" for rule, condition in found]


def judged() -> str:
    """Join the dimensions and collect the reasons to reject a row."""
    seen = """SELECT {key} AS id, l.load_date AS seen_on, arg_max({name}, {name}.load_date) AS row
        FROM {name}, (SELECT DISTINCT load_date FROM typed) AS l WHERE {name}.load_date <= l.load_date GROUP BY ALL"""
    return f"""WITH seen_clients AS ({seen.format(key="client_id", name="clients")}),
      seen_providers AS ({seen.format(key="provider_id", name="providers")}),
      joined AS (
        SELECT t.*, c.id AS known_client, p.id AS known_provider, c.row.contracted_power_kw AS contracted_power_kw,
          CASE WHEN delivery_date BETWEEN c.row.valid_from AND c.row.valid_to THEN 1 END AS valid_client,
          CASE WHEN delivery_date BETWEEN p.row.valid_from AND p.row.valid_to THEN 1 END AS valid_provider
        FROM typed AS t
        LEFT JOIN seen_clients AS c ON t.client_id = c.id AND t.load_date = c.seen_on
        LEFT JOIN seen_providers AS p ON t.provider_id = p.id AND t.load_date = p.seen_on
      )
      SELECT {", ".join(TEXTS)}, load_date, source_object, source_line, delivery_date, duration_minutes, amount_eur,
        CASE WHEN ragged THEN ['record.ragged']
        ELSE list_filter([{", ".join(reasons())}], lambda reason: reason IS NOT NULL) END AS reasons
      FROM joined"""


def settled() -> str:
    """Let the newest version of each transaction win."""
    content = ", ".join(f"coalesce(CAST({n} AS VARCHAR), '')" for n in TEXTS if n != "updated_at")
    newest = "updated_at DESC, load_date DESC, content DESC, source_object, source_line"
    return f"""WITH good AS (
        SELECT * EXCLUDE (reasons), md5(concat_ws('|', {content})) AS content FROM judged WHERE len(reasons) = 0
      ), ranked AS (
        SELECT *,
          row_number() OVER (PARTITION BY transaction_id ORDER BY version DESC, {newest}) AS place,
          row_number() OVER (PARTITION BY transaction_id, version ORDER BY {newest}) AS place_in_version,
          first_value(content) OVER (PARTITION BY transaction_id, version ORDER BY {newest}) AS newest_content,
          bool_or(status <> 'CANCELLED') OVER (PARTITION BY transaction_id) AS known
        FROM good
      )
      SELECT *, CASE WHEN NOT known THEN 'unknown_cancellation'
        WHEN place_in_version > 1 AND content <> newest_content THEN 'conflict'
        WHEN place_in_version > 1 THEN 'duplicate' WHEN place = 1 THEN 'current' ELSE 'superseded' END AS standing
      FROM ranked"""


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
