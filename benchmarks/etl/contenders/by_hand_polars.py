"""What a team would write by hand on Polars: the transactions' checks in one script.

Usage: python by_hand_polars.py RAW OUT; the same input and output as by_hand_duckdb.
"""

import sys
from decimal import Decimal
from pathlib import Path

import polars as pl

TEXTS = (
    "transaction_id", "version", "client_id", "provider_id", "side", "market", "bidding_zone", "delivery_start",
    "delivery_end", "quantity_mwh", "price_eur_mwh", "currency", "status", "executed_at", "updated_at",
)  # fmt: skip
PATTERNS = {"transaction_id": "^T[0-9]{10}$", "client_id": "^C[0-9]{6}$", "provider_id": "^P[0-9]{4}$"}
CODES = {
    "side": ["BUY", "SELL"],
    "market": ["DAY_AHEAD", "INTRADAY", "FORWARD", "BILATERAL"],
    "bidding_zone": ["ES", "PT"],
    "currency": ["EUR"],
    "status": ["NEW", "CONFIRMED", "AMENDED", "CANCELLED", "SETTLED"],
}
INSTANTS = ("delivery_start", "delivery_end", "executed_at", "updated_at")
NUMBERS = ("quantity_mwh", "price_eur_mwh")
UPPER = {*PATTERNS, *CODES}
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
INSTANT = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{CLOCK}(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?$"
ZONE = "Europe/Madrid"
MICROS = pl.Datetime("us")


def main(raw: Path, out: Path) -> None:
    """Run the whole pipeline."""
    out.mkdir(parents=True, exist_ok=True)
    rows = judged(typed(read(raw)), raw).collect(engine="streaming")
    reasons = pl.col("reasons").list.len()
    rejected = rows.filter(reasons > 0).select("source_object", "source_line", "reasons")
    settled = settle(rows.filter(reasons == 0).drop("reasons"))
    more = [
        settled.filter(pl.col("standing") == standing).select(
            "source_object", "source_line", pl.lit([rule], dtype=pl.List(pl.String)).alias("reasons")
        )
        for standing, rule in (("conflict", "duplicate.conflict"), ("unknown", "cancellation.unknown"))
    ]
    pl.concat([rejected, *more]).write_parquet(out / "quarantine.parquet")
    silver = settled.filter(pl.col("standing") == "current").select(
        *TEXTS, "load_date", "source_object", "source_line", "delivery_date", "duration_minutes", "amount_eur"
    )
    silver = silver.sort("delivery_date", "client_id", "delivery_start", "transaction_id")
    for (day,), part in silver.partition_by("delivery_date", as_dict=True, maintain_order=True).items():
        folder = out / "silver" / f"year={day.year}" / f"month={day.month}" / f"day={day.day}"
        folder.mkdir(parents=True)
        part.write_parquet(folder / "part-0.parquet", compression="snappy", row_group_size=122_880)


def read(raw: Path) -> pl.LazyFrame:
    """Read every file as text with its line numbers; ragged rows are found by their commas."""

    def ragged(path: Path) -> pl.Series:
        with path.open("rb") as lines:
            commas = len(TEXTS) - 1
            return pl.Series(
                [n for n, line in enumerate(lines, 1) if line.count(b",") != commas], dtype=pl.Int64
            )

    frames = [
        pl.scan_csv(
            path, quote_char=None, infer_schema=False, row_index_name="source_line", row_index_offset=2,
            empty_string_is_null=False, extra_columns="ignore", schema=dict.fromkeys(TEXTS, pl.String), has_header=True,
        ).with_columns(
            pl.lit(path.parent.name).str.to_date().alias("load_date"),
            pl.lit(f"raw/transactions/{path.parent.name}/{path.name}").alias("source_object"),
            pl.col("source_line").cast(pl.Int64),
        ).with_columns(pl.col("source_line").is_in(ragged(path).implode()).alias("ragged"))
        for path in sorted((raw / "transactions").glob("*/*.csv"))
    ]  # fmt: skip
    return pl.concat(frames)


def typed(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Trim, normalise and cast."""

    def clean(name: str) -> pl.Expr:
        text = pl.col(name).str.replace_all("\u00a0", " ", literal=True).str.strip_chars()
        text = text.str.to_uppercase() if name in UPPER else text
        return pl.when(text != "").then(text).alias(f"t_{name}")

    def number(name: str) -> pl.Expr:
        text = pl.col(f"t_{name}")
        comma = text.str.contains(r"^[+-]?[0-9]+,[0-9]+$") & ~text.str.contains(
            r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$"
        )
        plain = text.str.contains(r"^[+-]?[0-9]+(\.[0-9]+)?$")
        value = pl.when(plain).then(text).when(comma).then(text.str.replace(",", ".", literal=True))
        return value.otherwise(None).cast(pl.Decimal(18, 6), strict=False).alias(name)

    def instant(name: str) -> pl.Expr:
        text = pl.when(pl.col(f"t_{name}").str.contains(INSTANT)).then(pl.col(f"t_{name}"))
        canonical = text.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_unit="us")
        shifted = text.str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.f%:z", strict=False, time_unit="us", time_zone="UTC"
        )
        local = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
        local = local.dt.replace_time_zone(ZONE, ambiguous="null", non_existent="null")
        utc = local.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return pl.coalesce(canonical, shifted.dt.replace_time_zone(None), utc).alias(name)

    minutes = (pl.col("delivery_end") - pl.col("delivery_start")).dt.total_minutes().cast(pl.Int32)
    local = pl.col("delivery_start").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    micros = [(pl.col(n).cast(pl.Decimal(38, 6)) * 1_000_000).cast(pl.Int128) for n in NUMBERS]
    product = micros[0] * micros[1]
    # Half away from zero; Polars' own decimals round half to even.
    rounded = (product.abs() + 500_000) // 1_000_000 * product.sign()
    amount = rounded.cast(pl.Decimal(38, 0)) * pl.lit(Decimal("0.000001"))
    version = pl.col("t_version")
    return (
        rows.with_columns(clean(n) for n in TEXTS)
        .with_columns(
            *(number(n) for n in NUMBERS),
            *(instant(n) for n in INSTANTS),
            *(pl.col(f"t_{n}").alias(n) for n in UPPER),
            pl.when(version.str.contains("^[1-9][0-9]{0,8}$")).then(version).cast(pl.Int32).alias("version"),
        )
        .with_columns(
            local.dt.date().alias("delivery_date"),
            minutes.alias("duration_minutes"),
            amount.cast(pl.Decimal(18, 6), strict=False).alias("amount_eur"),
        )
    )


def judged(rows: pl.LazyFrame, raw: Path) -> pl.LazyFrame:
    """Join the dimensions and collect the reasons to reject a row."""
    load_dates = [path.name for path in sorted((raw / "transactions").iterdir())]
    for name in ("client", "provider"):
        columns = [f"{name}_id", "load_date", "valid_from", "valid_to"]
        deliveries = pl.concat(
            pl.read_csv(path, infer_schema=False).with_columns(pl.lit(path.parent.name).alias("delivered"))
            for path in sorted((raw / f"{name}s").glob("*/*.csv"))
        )
        seen = pl.concat(
            deliveries.filter(pl.col("delivered") <= day)
            .sort("delivered")
            .unique(f"{name}_id", keep="last")
            .with_columns(pl.lit(day).str.to_date().alias("load_date"))
            for day in load_dates
        ).with_columns(
            pl.col("valid_from").str.to_date(),
            pl.col("valid_to").fill_null("9999-12-30").replace("", "9999-12-30").str.to_date(),
        )
        if name == "client":
            seen = seen.with_columns(pl.col("contracted_power_kw").cast(pl.Decimal(18, 6)))
            columns.append("contracted_power_kw")
        seen = seen.select(columns).rename({"valid_from": f"{name}_from", "valid_to": f"{name}_to"})
        rows = rows.join(seen.lazy(), on=[f"{name}_id", "load_date"], how="left", maintain_order="left")
    found = [pl.when(condition).then(pl.lit(rule)) for rule, condition in rules()]
    reasons = pl.concat_list(found).list.drop_nulls()
    ragged = pl.lit(["record.ragged"], dtype=pl.List(pl.String))
    return rows.select(
        *TEXTS, "load_date", "source_object", "source_line", "delivery_date", "duration_minutes", "amount_eur",
        pl.when("ragged").then(ragged).otherwise(reasons).alias("reasons"),
    )  # fmt: skip


def rules() -> list[tuple[str, pl.Expr]]:
    """Each rule as a condition over the typed columns."""
    found = []
    for n in TEXTS:
        text = pl.col(f"t_{n}")
        found.append((f"{n}.required", text.is_null()))
        if n in PATTERNS:
            found.append((f"{n}.pattern", ~text.str.contains(PATTERNS[n])))
        elif n in CODES:
            found.append((f"{n}.code", ~text.is_in(CODES[n])))
        elif n in NUMBERS:
            broken, digits = (
                text.is_not_null() & pl.col(n).is_null(),
                text.str.contains(r"^[+-]?[0-9]+([.,][0-9]+)?$"),
            )
            found += [(f"{n}.number", broken & ~digits), (f"{n}.overflow", broken & digits)]
        elif n in INSTANTS:
            shape = text.str.contains(INSTANT)
            found += [
                (f"{n}.timestamp_format", ~shape),
                (f"{n}.timestamp_impossible", shape & pl.col(n).is_null()),
                (f"{n}.timestamp_range", ~pl.col(n).dt.year().is_between(2000, 2099)),
            ]
        else:
            found.append((f"{n}.integer", text.is_not_null() & pl.col(n).is_null()))
    start, end, day = pl.col("delivery_start"), pl.col("delivery_end"), pl.col("delivery_date")
    period = pl.when(day >= pl.date(2025, 10, 1)).then(15).otherwise(60)
    minutes, quantity, price = pl.col("duration_minutes"), pl.col("quantity_mwh"), pl.col("price_eur_mwh")
    power = pl.col("contracted_power_kw").cast(pl.Float64) * 2 * minutes
    found += [
        ("quantity_mwh.negative", quantity < 0),
        ("price_eur_mwh.limits", ~price.is_between(-500, 4000)),
        ("period.order", end <= start),
        ("period.aligned", start.dt.epoch("us") % (period.cast(pl.Int64) * 60_000_000) != 0),
        ("period.length", (end > start) & (minutes != period)),
        ("amount.overflow", quantity.is_not_null() & price.is_not_null() & pl.col("amount_eur").is_null()),
        ("quantity_mwh.contracted_power", (minutes > 0) & (quantity.cast(pl.Float64) * 60000 > power)),
    ]
    for name in ("client", "provider"):
        key, known = pl.col(f"{name}_id"), pl.col(f"{name}_from").is_not_null()
        valid = day.is_between(pl.col(f"{name}_from"), pl.col(f"{name}_to"))
        found += [
            (f"{name}.unknown", key.is_not_null() & ~known),
            (f"{name}.validity", known & day.is_not_null() & ~valid),
        ]
    return found


def settle(rows: pl.DataFrame) -> pl.DataFrame:
    """Let the newest version of each transaction win."""
    content = pl.concat_str([pl.col(n).cast(pl.String) for n in TEXTS if n != "updated_at"], separator="|")
    # Only transactions delivered more than once, or cancelled, can stand otherwise than current.
    contested = (pl.len().over("transaction_id") > 1) | (pl.col("status") == "CANCELLED")
    rows = rows.with_columns(contested.alias("contested"))
    order = ["updated_at", "load_date", "content", "source_object", "source_line"]
    few = (
        rows.filter("contested")
        .with_columns(content.alias("content"))
        .sort(["version", *order], descending=[True, True, True, True, False, False])
        .with_columns(
            pl.int_range(pl.len()).over("transaction_id").alias("place"),
            pl.int_range(pl.len()).over("transaction_id", "version").alias("place_in_version"),
            pl.col("content").first().over("transaction_id", "version").alias("newest"),
            (pl.col("status") != "CANCELLED").any().over("transaction_id").alias("known"),
        )
    )
    again = pl.col("place_in_version") > 0
    standing = (
        pl.when(~pl.col("known"))
        .then(pl.lit("unknown"))
        .when(again & (pl.col("content") != pl.col("newest")))
        .then(pl.lit("conflict"))
        .when(again)
        .then(pl.lit("duplicate"))
        .when(pl.col("place") == 0)
        .then(pl.lit("current"))
        .otherwise(pl.lit("superseded"))
    )
    rest = rows.filter(~pl.col("contested")).with_columns(pl.lit("current").alias("standing"))
    return pl.concat([rest, few.with_columns(standing.alias("standing")).select(rest.columns)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
