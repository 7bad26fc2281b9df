"""What a team would write by hand on awswrangler and pandas: the transactions' checks in one script.

Usage: python by_hand_awswrangler.py RAW OUT; the same input and output as by_hand_duckdb. awswrangler writes to
S3 only, so Silver goes to the bucket `silver` of the endpoint in AWS_ENDPOINT_URL, with the data set's layout.
"""

import sys
from datetime import date
from pathlib import Path

import awswrangler as wr
import numpy as np
import pandas as pd

TEXTS = [
    "transaction_id", "version", "client_id", "provider_id", "side", "market", "bidding_zone", "delivery_start",
    "delivery_end", "quantity_mwh", "price_eur_mwh", "currency", "status", "executed_at", "updated_at",
]  # fmt: skip
PATTERNS = {"transaction_id": "T[0-9]{10}", "client_id": "C[0-9]{6}", "provider_id": "P[0-9]{4}"}
CODES = {
    "side": ["BUY", "SELL"],
    "market": ["DAY_AHEAD", "INTRADAY", "FORWARD", "BILATERAL"],
    "bidding_zone": ["ES", "PT"],
    "currency": ["EUR"],
    "status": ["NEW", "CONFIRMED", "AMENDED", "CANCELLED", "SETTLED"],
}
INSTANTS = ["delivery_start", "delivery_end", "executed_at", "updated_at"]
NUMBERS = ["quantity_mwh", "price_eur_mwh"]
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?"
INSTANT = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{CLOCK}(?:Z|[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])?"
ZONE = "Europe/Madrid"
MILLION = 1_000_000


def main(raw: Path, out: Path) -> None:
    """Run the whole pipeline."""
    out.mkdir(parents=True, exist_ok=True)
    rows = typed(
        pd.concat([read(p) for p in sorted((raw / "transactions").glob("*/*.csv"))], ignore_index=True)
    )
    rows = join_dimensions(rows, raw)
    reasons = judge(rows)
    broken = reasons.str.len() > 0
    rejected = rows.loc[broken, ["source_object", "source_line"]].assign(reasons=reasons[broken])
    settled = settle(rows[~broken])
    lost = settled[settled["standing"].isin(["duplicate.conflict", "cancellation.unknown"])]
    lost = lost[["source_object", "source_line"]].assign(reasons=lost["standing"].map(lambda rule: [rule]))
    pd.concat([rejected, lost]).to_parquet(out / "quarantine.parquet", index=False)
    silver = settled[settled["standing"] == "current"]
    silver = silver.sort_values(["delivery_date", "client_id", "delivery_start", "transaction_id"])
    day = pd.to_datetime(silver["delivery_date"])
    silver = silver.assign(year=day.dt.year, month=day.dt.month, day=day.dt.day)
    columns = [
        *TEXTS, "load_date", "source_object", "source_line", "delivery_date", "duration_minutes", "amount_eur",
    ]  # fmt: skip
    for name in (*NUMBERS, "amount_eur"):
        silver[name] = decimals(silver[name])
    # As dates, not texts: awswrangler would parse each text by itself.
    silver["load_date"] = silver["load_date"].map(
        {d: date.fromisoformat(d) for d in silver["load_date"].unique()}
    )
    wr.s3.to_parquet(
        silver[[*columns, "year", "month", "day"]], path="s3://silver/transactions/", dataset=True,
        partition_cols=["year", "month", "day"], mode="overwrite", compression="snappy",
        dtype=dict.fromkeys((*NUMBERS, "amount_eur"), "decimal(18,6)"),
    )  # fmt: skip


def decimals(micros: pd.Series) -> pd.Series:
    """Numbers of millionths as decimals."""
    import pyarrow as pa  # noqa: PLC0415

    whole = pa.array(micros.to_numpy(np.int64)).cast(pa.decimal128(19, 0))
    words = np.frombuffer(whole.buffers()[1], dtype=np.uint8)
    exact = pa.Array.from_buffers(pa.decimal128(18, 6), len(whole), [None, pa.py_buffer(words)])
    return pd.Series(exact.to_pandas().to_numpy(), index=micros.index)


def read(path: Path) -> pd.DataFrame:
    """Read a file as text with its line numbers; ragged rows are found by their commas."""
    with path.open("rb") as lines:
        ragged = [n for n, line in enumerate(lines, 1) if line.count(b",") != len(TEXTS) - 1]
    rows = pd.read_csv(path, dtype=str, keep_default_na=False, quoting=3, engine="c")
    rows["source_line"] = np.arange(2, len(rows) + 2, dtype=np.int64)
    rows["ragged"] = rows["source_line"].isin(ragged)
    rows["load_date"] = path.parent.name
    rows["source_object"] = f"raw/transactions/{path.parent.name}/{path.name}"
    return rows


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Trim, normalise and cast; numbers as millionths."""
    for name in TEXTS:
        text = rows[name].fillna("").str.replace("\u00a0", " ", regex=False).str.strip()
        rows[f"t_{name}"] = text.str.upper() if name in PATTERNS or name in CODES else text
    for name in (*PATTERNS, *CODES):
        rows[name] = rows[f"t_{name}"]
    for name in NUMBERS:
        rows[name] = micros(rows[f"t_{name}"])
    version = rows["t_version"]
    good = version.str.fullmatch("[1-9][0-9]{0,8}")
    rows["version"] = pd.to_numeric(version.where(good), errors="coerce").astype("Int32")
    for name in INSTANTS:
        rows[name] = instants(rows[f"t_{name}"])
    local = rows["delivery_start"].dt.tz_localize("UTC").dt.tz_convert(ZONE)
    rows["delivery_date"] = local.dt.date
    span = rows["delivery_end"] - rows["delivery_start"]
    rows["duration_minutes"] = (span.dt.total_seconds() // 60).astype("Int32")
    product = rows["quantity_mwh"] * rows["price_eur_mwh"]  # within 64 bits up to 2300 MWh at the price cap
    rows["amount_eur"] = (
        (product.abs() + MILLION // 2) // MILLION * np.sign(product.fillna(0)).astype("Int64")
    )
    return rows


def micros(text: pd.Series) -> pd.Series:
    """Decimal texts as exact numbers of millionths."""
    comma = text.str.fullmatch("[+-]?[0-9]+,[0-9]+") & ~text.str.fullmatch("[+-]?[1-9][0-9]{0,2},[0-9]{3}")
    text = text.mask(comma, text.str.replace(",", ".", regex=False))
    good = text.str.fullmatch(r"[+-]?[0-9]{1,12}(?:\.[0-9]+)?")
    value = pd.to_numeric(text.where(good), errors="coerce")
    return (value * MILLION).round().astype("Int64")  # doubles hold 15 digits, which is exact here


def instants(text: pd.Series) -> pd.Series:
    """Timestamps as naive UTC; local ones in a gap or fold are missing."""
    text = text.where(text.str.fullmatch(INSTANT))
    found = pd.to_datetime(text, format="%Y-%m-%dT%H:%M:%SZ", errors="coerce")
    rest = text[found.isna() & text.notna()]
    if len(rest):
        shifted = rest.str.contains(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$")
        utc = pd.to_datetime(rest[shifted], format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)
        local = pd.to_datetime(rest[~shifted], format="ISO8601", errors="coerce")
        local = local.dt.tz_localize(ZONE, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
        found.update(pd.concat([utc, local.dt.tz_localize(None)]))
    return found.astype("datetime64[us]")


def join_dimensions(rows: pd.DataFrame, raw: Path) -> pd.DataFrame:
    """Add what each load date sees of its clients and providers."""
    for name in ("client", "provider"):
        files = sorted((raw / f"{name}s").glob("*/*.csv"))
        given = pd.concat(
            [pd.read_csv(p, dtype=str, keep_default_na=False).assign(delivered=p.parent.name) for p in files]
        )
        seen = pd.concat(
            [
                given[given["delivered"] <= day]
                .drop_duplicates(f"{name}_id", keep="last")
                .assign(load_date=day)
                for day in sorted(rows["load_date"].unique())
            ]
        )
        seen[f"{name}_from"] = pd.to_datetime(seen["valid_from"])
        seen[f"{name}_to"] = pd.to_datetime(seen["valid_to"].replace("", "2200-01-01"))
        columns = [f"{name}_id", "load_date", f"{name}_from", f"{name}_to"]
        if name == "client":
            seen["contracted_power_kw"] = pd.to_numeric(seen["contracted_power_kw"])
            columns.append("contracted_power_kw")
        rows = rows.merge(seen[columns], on=[f"{name}_id", "load_date"], how="left")
    return rows


def judge(rows: pd.DataFrame) -> pd.Series:
    """Collect the reasons to reject each row."""
    reasons = pd.Series([[] for _ in range(len(rows))], index=rows.index)
    for rule, broken in rules(rows):
        for at in np.flatnonzero(broken.fillna(False).to_numpy(bool) & ~rows["ragged"].to_numpy()):
            reasons.iat[at].append(rule)
    for at in np.flatnonzero(rows["ragged"].to_numpy()):
        reasons.iat[at].append("record.ragged")
    return reasons


def rules(rows: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """Each rule with the rows that break it."""
    found = []
    for n in TEXTS:
        text, filled = rows[f"t_{n}"], rows[f"t_{n}"] != ""
        found.append((f"{n}.required", ~filled))
        if n in PATTERNS:
            found.append((f"{n}.pattern", filled & ~text.str.fullmatch(PATTERNS[n])))
        elif n in CODES:
            found.append((f"{n}.code", filled & ~text.isin(CODES[n])))
        elif n in NUMBERS:
            digits = text.str.fullmatch("[+-]?[0-9]+([.,][0-9]+)?")
            found.append((f"{n}.number", filled & rows[n].isna() & ~digits))
            found.append((f"{n}.overflow", filled & rows[n].isna() & digits))
        elif n in INSTANTS:
            shape = text.str.fullmatch(INSTANT)
            found.append((f"{n}.timestamp_format", filled & ~shape))
            found.append((f"{n}.timestamp_impossible", shape & rows[n].isna()))
            found.append((f"{n}.timestamp_range", rows[n].notna() & ~rows[n].dt.year.between(2000, 2099)))
        else:
            found.append((f"{n}.integer", filled & rows[n].isna()))
    start, end = rows["delivery_start"], rows["delivery_end"]
    day, minutes = pd.to_datetime(rows["delivery_date"]), rows["duration_minutes"]
    period = pd.Series(np.where(day >= "2025-10-01", 15, 60), index=rows.index)
    offset = (start - pd.Timestamp(0)).dt.total_seconds() % (period * 60)
    power = rows["contracted_power_kw"] * 2 * minutes
    found += [
        ("quantity_mwh.negative", rows["quantity_mwh"] < 0),
        ("price_eur_mwh.limits", ~rows["price_eur_mwh"].between(-500 * MILLION, 4000 * MILLION)),
        ("period.order", end <= start),
        ("period.aligned", start.notna() & (offset != 0)),
        ("period.length", (end > start) & (minutes != period)),
        ("quantity_mwh.contracted_power", (minutes > 0) & (rows["quantity_mwh"] / MILLION * 60000 > power)),
    ]
    for name in ("client", "provider"):
        known, filled = rows[f"{name}_from"].notna(), rows[f"t_{name}_id"] != ""
        valid = (day >= rows[f"{name}_from"]) & (day <= rows[f"{name}_to"])
        found.append((f"{name}.unknown", filled & ~known))
        found.append((f"{name}.validity", known & day.notna() & ~valid))
    return found


def settle(rows: pd.DataFrame) -> pd.DataFrame:
    """Let the newest version of each transaction win."""
    rows = rows.assign(standing="current")
    # Only transactions delivered more than once, or cancelled, can stand otherwise than current.
    contested = rows.duplicated("transaction_id", keep=False) | (rows["status"] == "CANCELLED")
    few = rows[contested].copy()
    few["content"] = few[[n for n in TEXTS if n != "updated_at"]].astype(str).agg("|".join, axis=1)
    few = few.sort_values(
        ["version", "updated_at", "load_date", "content", "source_object", "source_line"],
        ascending=[False, False, False, False, True, True],
    )
    by_version = few.groupby(["transaction_id", "version"])
    again = by_version.cumcount() > 0
    newest = by_version["content"].transform("first")
    known = (few["status"] != "CANCELLED").groupby(few["transaction_id"]).transform("any")
    standing = pd.Series("superseded", index=few.index)
    standing[few.groupby("transaction_id").cumcount() == 0] = "current"
    standing[again] = "duplicate"
    standing[again & (few["content"] != newest)] = "duplicate.conflict"
    standing[~known] = "cancellation.unknown"
    rows.loc[standing.index, "standing"] = standing
    return rows


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
