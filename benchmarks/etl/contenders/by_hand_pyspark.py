"""What a team would write by hand on PySpark: the transactions' checks in one script.

Usage: python by_hand_pyspark.py RAW OUT, or RAW - to be asked for runs (see spark_session). The same input and output as
by_hand_duckdb, but that quarantine.parquet is a folder, as Spark writes it.
"""

import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from spark_session import serve

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
ZONE = "Europe/Madrid"
PLACE = ("load_date", "source_object", "source_line")


def run(spark: SparkSession, raw: Path, out: Path) -> None:
    """Run the whole pipeline; what is read more than once is kept in memory."""
    seen_dimensions(spark, raw)
    typed(read(spark, raw)).createOrReplaceTempView("typed")
    judged = spark.sql(judged_sql()).persist()
    judged.createOrReplaceTempView("judged")
    settled = spark.sql(settled_sql()).persist()
    settled.createOrReplaceTempView("settled")
    columns = ", ".join(f"CAST({n} AS TIMESTAMP_NTZ) AS {n}" if n in INSTANTS else n for n in TEXTS)
    (
        spark.sql(
            f"""SELECT {columns}, {", ".join(PLACE)}, delivery_date, duration_minutes, amount_eur,
              year(delivery_date) AS year, month(delivery_date) AS month, day(delivery_date) AS day
            FROM settled WHERE standing = 'current'"""
        )
        .repartition("delivery_date")
        .sortWithinPartitions("delivery_date", "client_id", "delivery_start", "transaction_id")
        .write.partitionBy("year", "month", "day")
        .parquet(str(out / "silver"), compression="snappy")
    )
    spark.sql(
        """SELECT source_object, source_line, reasons FROM judged WHERE size(reasons) > 0
        UNION ALL SELECT source_object, source_line, array('duplicate.conflict') FROM settled WHERE standing = 'conflict'
        UNION ALL SELECT source_object, source_line, array('cancellation.unknown') FROM settled
          WHERE standing = 'unknown_cancellation'"""
    ).write.parquet(str(out / "quarantine.parquet"))
    settled.unpersist()
    judged.unpersist()


def read(spark: SparkSession, raw: Path) -> DataFrame:
    """Read every line with its number in its file.

    A line's number is its place in its block plus the lines of the file's blocks before it, so nothing is shuffled.
    """
    lines = spark.read.text(str(raw / "transactions" / "*" / "*.csv")).select(
        "value",
        F.col("_metadata.file_path").alias("path"),
        F.col("_metadata.file_block_start").alias("block"),
        F.monotonically_increasing_id().alias("id"),
    )
    blocks = lines.groupBy("path", "block").agg(F.min("id").alias("first"), F.count("*").alias("lines"))
    blocks.createOrReplaceTempView("blocks")
    before = spark.sql(
        """SELECT path, block, first - coalesce(sum(lines) OVER (PARTITION BY path ORDER BY block
          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS start FROM blocks"""
    )
    numbered = lines.join(F.broadcast(before), ["path", "block"])
    day, name = (F.regexp_extract("path", "([0-9-]{10})/([^/]*)$", n) for n in (1, 2))
    return numbered.select(
        F.split("value", ",", -1).alias("cells"),
        day.cast("date").alias("load_date"),
        F.concat(F.lit("raw/transactions/"), day, F.lit("/"), name).alias("source_object"),
        (F.col("id") - F.col("start") + 1).alias("source_line"),
    ).where("source_line > 1")


def seen_dimensions(spark: SparkSession, raw: Path) -> None:
    """Read clients and providers; a load date sees the newest delivery up to it."""
    days = sorted(path.name for path in (raw / "transactions").iterdir())
    spark.createDataFrame([(day,) for day in days], "day string").selectExpr(
        "CAST(day AS DATE) AS load_date"
    ).createOrReplaceTempView("days")
    for name in ("client", "provider"):
        power = "CAST(contracted_power_kw AS DECIMAL(18,6))" if name == "client" else "NULL"
        spark.read.csv(str(raw / f"{name}s" / "*" / "*.csv"), header=True).selectExpr(
            f"{name}_id",
            "CAST(valid_from AS DATE) AS valid_from",
            "coalesce(CAST(valid_to AS DATE), DATE '9999-12-30') AS valid_to",
            f"{power} AS contracted_power_kw",
            "CAST(regexp_extract(_metadata.file_path, '([0-9-]{10})/[^/]*$', 1) AS DATE) AS delivered",
        ).createOrReplaceTempView(f"{name}s")
        spark.sql(
            f"""SELECT {name}_id AS id, load_date AS seen_on, max_by(struct(n.*), delivered) AS row
            FROM {name}s AS n JOIN days ON delivered <= load_date GROUP BY {name}_id, load_date"""
        ).createOrReplaceTempView(f"seen_{name}s")


def typed(lines: DataFrame) -> DataFrame:
    """Trim, normalise and cast."""
    ragged = f"size(cells) <> {len(TEXTS)}"
    texts = []
    for place, n in enumerate(TEXTS):
        clean = f"trim(replace(cells[{place}], '\u00a0', ' '))"
        texts.append(f"nullif({f'upper({clean})' if n in UPPER else clean}, '') AS t_{n}")
    numbers = [
        f"""CASE WHEN t_{n} RLIKE '^[+-]?[0-9]+([.][0-9]+)?$' THEN try_cast(t_{n} AS DECIMAL(18,6))
        WHEN t_{n} RLIKE '^[+-]?[0-9]+,[0-9]+$' AND NOT t_{n} RLIKE '^[+-]?[1-9][0-9]{{0,2}},[0-9]{{3}}$'
        THEN try_cast(replace(t_{n}, ',', '.') AS DECIMAL(18,6)) END AS {n}"""
        for n in NUMBERS
    ]
    instants = [
        f"""CASE WHEN NOT t_{n} RLIKE '^{INSTANT}$' THEN NULL
        WHEN t_{n} RLIKE '(Z|[+-][0-9]{{2}}:?[0-9]{{2}})$' THEN try_cast(t_{n} AS TIMESTAMP)
        WHEN from_utc_timestamp(to_utc_timestamp(try_cast(t_{n} AS TIMESTAMP), '{ZONE}'), '{ZONE}')
          = try_cast(t_{n} AS TIMESTAMP)
        THEN to_utc_timestamp(try_cast(t_{n} AS TIMESTAMP), '{ZONE}') END AS {n}"""
        for n in INSTANTS
    ]
    plain = [f"t_{n} AS {n}" for n in TEXTS if n in UPPER]
    version = "CASE WHEN t_version RLIKE '^[1-9][0-9]{0,8}$' THEN CAST(t_version AS INT) END AS version"
    kept = [f"t_{n}" for n in (*NUMBERS, *INSTANTS, "version")]
    return (
        lines.selectExpr(*texts, f"{ragged} AS ragged", *PLACE)
        .selectExpr(*plain, *numbers, *instants, version, *kept, "ragged", *PLACE)
        .selectExpr(
            "*",
            f"to_date(from_utc_timestamp(delivery_start, '{ZONE}')) AS delivery_date",
            "CAST((unix_micros(delivery_end) - unix_micros(delivery_start)) DIV 60000000 AS INT) AS duration_minutes",
            "CAST(quantity_mwh * price_eur_mwh AS DECIMAL(18,6)) AS amount_eur",
        )
    )


def reasons() -> list[str]:
    """Each rule as a condition over the typed columns."""
    found = []
    for n in TEXTS:
        text = n if n in UPPER else f"t_{n}"
        found.append((f"{n}.required", f"{text} IS NULL"))
        if n in PATTERNS:
            found.append((f"{n}.pattern", f"NOT {n} RLIKE '^{PATTERNS[n]}$'"))
        elif n in CODES:
            found.append((f"{n}.code", f"{n} NOT IN ({', '.join(map(repr, CODES[n]))})"))
        elif n in NUMBERS:
            broken, digits = (
                f"{text} IS NOT NULL AND {n} IS NULL",
                f"{text} RLIKE '^[+-]?[0-9]+([.,][0-9]+)?$'",
            )
            found += [
                (f"{n}.number", f"{broken} AND NOT {digits}"),
                (f"{n}.overflow", f"{broken} AND {digits}"),
            ]
        elif n in INSTANTS:
            shape = f"{text} RLIKE '^{INSTANT}$'"
            found += [
                (f"{n}.timestamp_format", f"NOT {shape}"),
                (f"{n}.timestamp_impossible", f"{shape} AND {n} IS NULL"),
                (f"{n}.timestamp_range", f"year({n}) NOT BETWEEN 2000 AND 2099"),
            ]
        else:
            found.append((f"{n}.integer", f"{text} IS NOT NULL AND {n} IS NULL"))
    period = "CASE WHEN delivery_date >= DATE '2025-10-01' THEN 15 ELSE 60 END"
    found += [
        ("quantity_mwh.negative", "quantity_mwh < 0"),
        ("price_eur_mwh.limits", "price_eur_mwh NOT BETWEEN -500 AND 4000"),
        ("period.order", "delivery_end <= delivery_start"),
        ("period.aligned", f"unix_micros(delivery_start) % (60000000L * {period}) <> 0"),
        ("period.length", f"delivery_end > delivery_start AND duration_minutes <> {period}"),
        ("amount.overflow", "quantity_mwh IS NOT NULL AND price_eur_mwh IS NOT NULL AND amount_eur IS NULL"),
        ("client.unknown", "client_id IS NOT NULL AND c.id IS NULL"),
        ("client.validity", f"c.id IS NOT NULL AND NOT {_valid('c')}"),
        ("provider.unknown", "provider_id IS NOT NULL AND p.id IS NULL"),
        ("provider.validity", f"p.id IS NOT NULL AND NOT {_valid('p')}"),
        ("quantity_mwh.contracted_power",
         "duration_minutes > 0 AND quantity_mwh * 60000 > c.row.contracted_power_kw * 2 * duration_minutes"),
    ]  # fmt: skip
    return [f"CASE WHEN {condition} THEN '{rule}' END" for rule, condition in found]


def _valid(dimension: str) -> str:
    return f"(delivery_date BETWEEN {dimension}.row.valid_from AND {dimension}.row.valid_to)"


def judged_sql() -> str:
    """Join the dimensions and collect the reasons to reject a row."""
    return f"""SELECT /*+ BROADCAST(c), BROADCAST(p) */ {", ".join(TEXTS)}, {", ".join(PLACE)},
        delivery_date, duration_minutes, amount_eur,
        CASE WHEN ragged THEN array('record.ragged')
        ELSE filter(array({", ".join(reasons())}), reason -> reason IS NOT NULL) END AS reasons
      FROM typed
      LEFT JOIN seen_clients AS c ON client_id = c.id AND load_date = c.seen_on
      LEFT JOIN seen_providers AS p ON provider_id = p.id AND load_date = p.seen_on"""


def settled_sql() -> str:
    """Let the newest version of each transaction win."""
    content = ", ".join(f"coalesce(CAST({n} AS STRING), '')" for n in TEXTS if n != "updated_at")
    newest = "updated_at DESC, load_date DESC, content DESC, source_object, source_line"
    return f"""WITH good AS (
        SELECT *, md5(concat_ws('|', {content})) AS content FROM judged WHERE size(reasons) = 0
      ), ranked AS (
        SELECT *,
          row_number() OVER (PARTITION BY transaction_id ORDER BY version DESC, {newest}) AS place,
          row_number() OVER (PARTITION BY transaction_id, version ORDER BY {newest}) AS place_in_version,
          first(content) OVER (PARTITION BY transaction_id, version ORDER BY {newest}) AS newest_content,
          bool_or(status <> 'CANCELLED') OVER (PARTITION BY transaction_id) AS known
        FROM good
      )
      SELECT *, CASE WHEN NOT known THEN 'unknown_cancellation'
        WHEN place_in_version > 1 AND content <> newest_content THEN 'conflict'
        WHEN place_in_version > 1 THEN 'duplicate' WHEN place = 1 THEN 'current' ELSE 'superseded' END AS standing
      FROM ranked"""


if __name__ == "__main__":
    serve(run, sys.argv[1:])
