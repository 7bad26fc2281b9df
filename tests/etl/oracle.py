"""A plain-Python calculation of what the pipeline must publish, written from the data's description alone.

It shares no code with the pipeline: own CSV reader, own rules, exact decimal arithmetic, the time-zone
database. `evaluate(raw)` judges every record below `<raw>/<dataset>/YYYY-MM-DD/*.csv`; `gold(raw)` gives
the Gold tables.
"""

# ruff: noqa: E501, PLR0911

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

COLUMNS = {
    "providers": [
        "provider_id",
        "name",
        "tax_id",
        "eic_code",
        "technology",
        "country",
        "valid_from",
        "valid_to",
    ],
    "clients": [
        "client_id",
        "name",
        "tax_id",
        "cups",
        "email",
        "tariff",
        "contracted_power_kw",
        "province",
        "valid_from",
        "valid_to",
    ],
    "transactions": [
        "transaction_id",
        "version",
        "client_id",
        "provider_id",
        "side",
        "market",
        "bidding_zone",
        "delivery_start",
        "delivery_end",
        "quantity_mwh",
        "price_eur_mwh",
        "currency",
        "status",
        "executed_at",
        "updated_at",
    ],
}
OPTIONAL = {"valid_to", "email"}
UPPER = {
    "provider_id",
    "tax_id",
    "eic_code",
    "technology",
    "country",
    "client_id",
    "cups",
    "tariff",
    "transaction_id",
    "side",
    "market",
    "bidding_zone",
    "currency",
    "status",
}
CODES = {
    "technology": ["WIND", "SOLAR", "HYDRO", "NUCLEAR", "CCGT", "COGENERATION", "BIOMASS", "STORAGE"],
    "tariff": ["2.0TD", "3.0TD", "6.1TD", "6.2TD"],
    "side": ["BUY", "SELL"],
    "market": ["DAY_AHEAD", "INTRADAY", "FORWARD", "BILATERAL"],
    "bidding_zone": ["ES", "PT"],
    "currency": ["EUR"],
    "status": ["NEW", "CONFIRMED", "AMENDED", "CANCELLED", "SETTLED"],
}
PATTERNS = {
    "provider_id": r"P\d{4}",
    "client_id": r"C\d{6}",
    "transaction_id": r"T\d{10}",
    "country": r"[A-Z]{2}",
    "email": r"[^@ ]+@[^@ ]+[.][^@ ]+",
}
FREE_TEXT = {"name", "email", "province"}
DATES = {"valid_from", "valid_to"}
TIMES = {"delivery_start", "delivery_end", "executed_at", "updated_at"}
NUMBERS = {"contracted_power_kw", "quantity_mwh", "price_eur_mwh"}
LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
BINARY = (
    b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06", b"BZh", b"(\xb5/\xfd", b"\xfd7zXZ\x00", b"7z\xbc\xaf'\x1c",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PAR1", b"%PDF-",
)  # fmt: skip
MICRO = Decimal("0.000001")
HOLIDAYS = {(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)}


@dataclass
class Record:
    """One delivered record: where it lies, what was read, and its verdict (good, rejected or duplicate)."""

    dataset: str
    load_date: str
    source_object: str
    line: int
    values: dict[str, Any] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    verdict: str = "good"


@dataclass
class Verdicts:
    """All records with their verdicts, and the files rejected as a whole (key → rule)."""

    records: list[Record]
    rejected_files: dict[str, str]
    timezone: str

    def silver(self, dataset: str) -> list[dict[str, Any]]:
        """Good rows of a dataset with their lineage, in no particular order."""
        return [
            r.values
            | {
                "load_date": date.fromisoformat(r.load_date),
                "source_object": r.source_object,
                "source_line": r.line,
            }
            for r in self.records
            if r.dataset == dataset and r.verdict == "good"
        ]

    def counts(self, dataset: str, load_date: str | None = None) -> Counter[str]:
        """Records by verdict."""
        return Counter(
            r.verdict for r in self.records if r.dataset == dataset and load_date in {None, r.load_date}
        )

    def rejected(self) -> dict[tuple[str, int], frozenset[str]]:
        """Rules broken by each rejected record, by source object and line."""
        return {
            (r.source_object, r.line): frozenset(r.reasons) for r in self.records if r.verdict == "rejected"
        }


def gold(raw: Path, timezone: str = "Europe/Madrid") -> dict[str, list[dict[str, Any]]]:
    """Gold tables over the delivered files, each row as column → value, sorted by key."""
    verdicts = evaluate(raw, timezone)
    return aggregate(verdicts)


def evaluate(raw: Path, timezone: str = "Europe/Madrid", floor: int = -500, cap: int = 4000) -> Verdicts:
    """Judge every record of every delivery."""
    records: list[Record] = []
    files: dict[str, str] = {}
    for dataset in COLUMNS:
        for folder in sorted((raw / dataset).glob("????-??-??")):
            seen: dict[bytes, str] = {}
            for path in sorted(p for p in folder.iterdir() if p.name.lower().endswith(".csv")):
                key = f"raw/{dataset}/{folder.name}/{path.name}"
                content = path.read_bytes()
                found, fault = read_file(dataset, content)
                if fault:
                    files[key] = fault
                for line, values, reasons in found:
                    record = Record(dataset, folder.name, key, line, values, list(reasons))
                    if content and content in seen:
                        record.verdict, record.reasons = "duplicate", []
                    records.append(record)
                if content in seen:
                    files.pop(key, None)
                seen.setdefault(content, key)
    zone = ZoneInfo(timezone)
    for record in records:
        if record.verdict == "good" and not record.reasons:
            record.values, record.reasons = judge(record.dataset, record.values, zone, floor, cap)
    for record in records:
        if record.reasons:
            record.verdict = "rejected"
    for dataset in ("providers", "clients"):
        settle_dimension(dataset, [r for r in records if r.dataset == dataset and r.verdict == "good"])
    trades = [r for r in records if r.dataset == "transactions" and r.verdict != "duplicate"]
    judge_references(trades, records)
    settle_transactions([r for r in trades if r.verdict == "good"])
    return Verdicts(records, files, timezone)


def read_file(dataset: str, content: bytes) -> tuple[list[tuple[int, dict[str, Any], list[str]]], str | None]:
    """Split a file into (line, values, reasons), and name the rule that rejects the whole file."""
    if not content:
        return [], "file.empty"
    binary = content.startswith(BINARY)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        if binary:
            return [], "file.not_text"
        return whole(content.decode("utf-8", "replace"), "file.encoding"), "file.encoding"
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    complete = lines[-1] == ""
    if complete:
        lines.pop()
    if "\x00" in lines[0]:
        if binary:
            return [], "file.not_text"
        return whole(text, "file.encoding"), "file.encoding"
    best: tuple[int, str, list[str]] = (-1, ",", [])
    for delimiter in ",;\t|":
        names = [
            n.translate({0xA0: " ", 0x2007: " ", 0x202F: " ", 0xFEFF: " "}).strip().lower()
            for n in cells(lines[0], delimiter) or []
        ]
        score = len(set(names) & set(COLUMNS[dataset]))
        if score > best[0]:
            best = (score, delimiter, names)
    score, delimiter, names = best
    if score == 0:
        return whole(text, "file.missing_columns", first=1), "file.missing_columns"
    if len(set(names)) != len(names):
        return whole(text, "file.duplicate_columns"), "file.duplicate_columns"
    if any(c not in names and c not in OPTIONAL for c in COLUMNS[dataset]):
        return whole(text, "file.missing_columns"), "file.missing_columns"
    found = read_records(dataset, lines, delimiter, names, complete)
    if not found:
        return [], None if dataset == "transactions" else "file.header_only"
    return found, None


def whole(text: str, rule: str, first: int = 2) -> list[tuple[int, dict[str, Any], list[str]]]:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return [
        (n, {}, [rule])
        for n, line in enumerate(text.split("\n"), 1)
        if n >= first and line.replace("\x00", "").strip()
    ]


def read_records(
    dataset: str, lines: list[str], delimiter: str, names: list[str], complete: bool
) -> list[tuple[int, dict[str, Any], list[str]]]:
    found: list[tuple[int, dict[str, Any], list[str]]] = []
    at, width = 1, len(names)
    while at < len(lines):
        number = at + 1
        line = lines[at]
        at += 1
        if not line.strip():
            continue
        if line == lines[0]:
            found.append((number, {}, ["record.repeated_header"]))
            continue
        row, taken = cells(line, delimiter), line
        if row is None:
            end, taken = at, line
            looks_whole = width > 1 and line.count(delimiter) >= width - 1
            while row is None and not looks_whole and end < len(lines) and end - at < 31:
                if width > 1 and len(cells(lines[end], delimiter) or []) == width:
                    break
                taken += "\n" + lines[end]
                end += 1
                row = cells(taken, delimiter)
            if row is None or len(row) != width:
                reasons = ["record.stray_quote"] + (["record.control_character"] if control(line) else [])
                found.append((number, {}, reasons))
                continue
            at = end
        if control(taken):
            found.append((number, {}, ["record.control_character"]))
        elif len(row) != width:
            cut = at == len(lines) and not complete
            found.append((number, {}, ["record.truncated" if cut else "record.ragged"]))
        else:
            by_name = dict(zip(names, row, strict=True))
            found.append((number, {c: by_name.get(c, "") for c in COLUMNS[dataset]}, []))
    return found


def cells(text: str, delimiter: str) -> list[str] | None:
    """Split a record character by character; None where a quote is misplaced."""
    row, cell, state = [], "", "start"
    for char in text:
        if state == "quoted":
            if char == '"':
                state = "closing"
            else:
                cell += char
        elif state == "closing" and char == '"':
            cell, state = cell + '"', "quoted"
        elif char == delimiter:
            row.append(cell)
            cell, state = "", "start"
        elif state == "closing":
            return None
        elif char == '"':
            if state != "start":
                return None
            state = "quoted"
        else:
            cell, state = cell + char, "plain"
    if state == "quoted":
        return None
    return [*row, cell]


def control(text: str) -> bool:
    return any((ord(c) < 32 and c not in "\t\n\r") or 127 <= ord(c) < 160 for c in text)


def judge(
    dataset: str, texts: dict[str, str], zone: ZoneInfo, floor: int, cap: int
) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    broken: list[str] = []
    for column in COLUMNS[dataset]:
        text = texts[column].translate({0xA0: " ", 0x2007: " ", 0x202F: " "}).strip(" \t\n\r")
        text = text.upper() if column in UPPER else text
        values[column] = None
        if not text:
            if column not in OPTIONAL:
                broken.append(f"{column}.required")
            continue
        values[column], reason = convert(column, text, zone)
        if reason:
            broken.append(f"{column}.{reason}")
        if column in FREE_TEXT and text[0] in "=+@":
            broken.append(f"{column}.formula")
    if dataset == "transactions":
        judge_trade(values, broken, zone, floor, cap)
    else:
        first, last = values["valid_from"], values["valid_to"]
        if first and last and last < first:
            broken.append("validity.order")
        if (
            dataset == "clients"
            and values["contracted_power_kw"] is not None
            and values["contracted_power_kw"] <= 0
        ):
            broken.append("contracted_power_kw.positive")
    return values, broken


def convert(column: str, text: str, zone: ZoneInfo) -> tuple[Any, str | None]:
    if column in NUMBERS:
        return to_number(text)
    if column == "version":
        return (int(text), None) if re.fullmatch(r"[1-9][0-9]{0,8}", text) else (None, "integer")
    if column in DATES:
        return to_date(text)
    if column in TIMES:
        return to_instant(text, zone)
    if column in CODES and text not in CODES[column]:
        return text, "code"
    if column in PATTERNS and not re.fullmatch(PATTERNS[column], text, re.ASCII):
        return text, "pattern"
    check = {"cups": good_cups, "tax_id": good_tax_id, "eic_code": good_eic}.get(column)
    if check and not check(text):
        return text, {"eic_code": "eic"}.get(column, column)
    return text, None


def to_number(text: str) -> tuple[Decimal | None, str | None]:
    body = text.lstrip("+-") if text[0] in "+-" and text[1:2] not in "+-" else text
    if re.fullmatch(r"[0-9]+([.][0-9]+)?", body):
        plain = text
    elif re.fullmatch(r"[0-9]+,[0-9]+", body):
        whole_part, _, decimals = body.partition(",")
        if len(decimals) == 3 and len(whole_part) <= 3 and whole_part[0] != "0":
            return None, "ambiguous"
        plain = text.replace(",", ".")
    elif re.fullmatch(
        r"[1-9][0-9]{0,2}(,[0-9]{3}){2,}|[0-9]{1,3}([.][0-9]{3})+,[0-9]+|[0-9]{1,3}(,[0-9]{3})+[.][0-9]+"
        r"|[0-9]{1,3}([.][0-9]{3}){2,}",
        body,
    ):
        return None, "ambiguous"
    else:
        return None, "number"
    scaled = Fraction(plain) * 10**6
    units = half_up(scaled)
    if abs(units) >= 10**18:
        return None, "overflow"
    return Decimal(units).scaleb(-6), None


def half_up(value: Fraction) -> int:
    """Round half away from zero."""
    magnitude = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
    return magnitude if value >= 0 else -magnitude


def to_date(text: str) -> tuple[date | None, str | None]:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None, "date_format"
    if not 2000 <= int(text[:4]) <= 2099:
        return None, "date_range"
    try:
        return date.fromisoformat(text), None
    except ValueError:
        return None, "date_impossible"


def to_instant(text: str, zone: ZoneInfo) -> tuple[datetime | None, str | None]:
    parts = re.fullmatch(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.]([0-9]{1,6}))?)?"
        r"(Z|([+-])([0-9]{2})(?::?([0-9]{2}))?)?",
        text,
    )
    if not parts:
        return None, "timestamp_format"
    year, month, day, hour, minute = (int(parts[i]) for i in range(1, 6))
    second, micro = int(parts[6] or 0), int((parts[7] or "0").ljust(6, "0"))
    if (
        hour > 23
        or minute > 59
        or second > 59
        or (parts[9] and (int(parts[10]) > 14 or int(parts[11] or 0) > 59))
    ):
        return None, "timestamp_format"
    if not 2000 <= year <= 2099:
        return None, "timestamp_range"
    try:
        local = datetime(year, month, day, hour, minute, second, micro)
    except ValueError:
        return None, "timestamp_impossible"
    if parts[8] == "Z":
        return local, None
    if parts[9]:
        shift = timedelta(hours=int(parts[10]), minutes=int(parts[11] or 0))
        return (local - shift if parts[9] == "+" else local + shift), None
    readings = {
        local.replace(tzinfo=zone, fold=fold).astimezone(UTC).replace(tzinfo=None)
        for fold in (0, 1)
        if local.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        == local
    }
    if not readings:
        return None, "spring_gap"
    return (None, "autumn_fold") if len(readings) > 1 else (readings.pop(), None)


def good_cups(text: str) -> bool:
    if not re.fullmatch(r"ES[0-9]{16}[A-Z]{2}([0-9][A-Z])?", text):
        return False
    rest = int(text[2:18]) % 529
    return text[18:20] == LETTERS[rest // 23] + LETTERS[rest % 23]


def good_eic(text: str) -> bool:
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
    if len(text) != 16 or any(c not in alphabet for c in text):
        return False
    weighted = sum(alphabet.index(c) * w for c, w in zip(text, range(16, 1, -1), strict=False))
    return text[15] == alphabet[36 - (weighted - 1) % 37] and text[15] != "-"


def good_tax_id(text: str) -> bool:
    if re.fullmatch(r"[0-9XYZ][0-9]{7}[A-Z]", text):
        number = int(text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2"))
        return text[-1] == LETTERS[number % 23]
    if re.fullmatch(r"[KLM][0-9]{7}[A-Z]", text):
        return True
    if not re.fullmatch(r"[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]", text):
        return False
    total = 0
    for place, digit in enumerate(map(int, text[1:8])):
        total += sum(divmod(digit * 2, 10)) if place % 2 == 0 else digit
    control_digit = (10 - total % 10) % 10
    as_digit, as_letter = text[8] == str(control_digit), text[8] == "JABCDEFGHI"[control_digit]
    if text[0] in "PQRSNW":
        return as_letter
    if text[0] in "ABEH":
        return as_digit or (text[1:3] == "00" and as_letter)
    return as_digit or as_letter


def local_of(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def period_minutes(day: date) -> int:
    return 15 if day >= date(2025, 10, 1) else 60


def judge_trade(values: dict[str, Any], broken: list[str], zone: ZoneInfo, floor: int, cap: int) -> None:
    start, end = values["delivery_start"], values["delivery_end"]
    quantity, price = values["quantity_mwh"], values["price_eur_mwh"]
    values["delivery_date"] = local_of(start, zone).date() if start else None
    values["duration_minutes"] = values["amount_eur"] = None
    if quantity is not None and quantity < 0:
        broken.append("quantity_mwh.negative")
    if price is not None and not floor <= price <= cap:
        broken.append("price_eur_mwh.limits")
    if quantity is not None and price is not None:
        units = half_up(Fraction(quantity) * Fraction(price) * 10**6)
        if abs(units) < 10**18:
            values["amount_eur"] = Decimal(units).scaleb(-6)
        else:
            broken.append("amount.overflow")
    if start:
        period = timedelta(minutes=period_minutes(values["delivery_date"]))
        if (start - datetime(1970, 1, 1)) % period:
            broken.append("period.aligned")
        if end:
            values["duration_minutes"] = (end - start) // timedelta(minutes=1)
            if end <= start:
                broken.append("period.order")
            elif end - start != period:
                broken.append("period.length")


def settle_dimension(dataset: str, rows: list[Record]) -> None:
    by_key: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in rows:
        by_key[row.load_date, row.values[COLUMNS[dataset][0]]].append(row)
    for group in by_key.values():
        group.sort(key=lambda r: (r.source_object, r.line))
        if any(r.values != group[0].values for r in group):
            for row in group:
                row.verdict, row.reasons = "rejected", ["duplicate.conflict"]
        else:
            for row in group[1:]:
                row.verdict = "duplicate"


def judge_references(trades: list[Record], records: list[Record]) -> None:
    history: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in records:
        if row.dataset != "transactions" and row.verdict == "good":
            history[row.dataset, row.values[COLUMNS[row.dataset][0]]].append(row)
    for trade in trades:
        values = trade.values
        if "client_id" not in values or "delivery_date" not in values:
            continue
        power = None
        for dataset in ("clients", "providers"):
            key = values[f"{dataset[:-1]}_id"]
            if key is None:
                continue
            row, reason = visible(history[dataset, key], trade.load_date, values["delivery_date"])
            if reason:
                trade.reasons.append(f"{dataset[:-1]}.{reason}")
            if row and dataset == "clients":
                power = row.values["contracted_power_kw"]
        start, end, quantity = values["delivery_start"], values["delivery_end"], values["quantity_mwh"]
        if power is not None and quantity is not None and start and end and end > start:
            minutes = (end - start) // timedelta(minutes=1)
            if quantity * 60000 > power * 2 * minutes:
                trade.reasons.append("quantity_mwh.contracted_power")
        if trade.reasons:
            trade.verdict = "rejected"


def visible(rows: list[Record], load_date: str, day: date | None) -> tuple[Record | None, str | None]:
    """Return the dimension row a delivery date sees: the newest up to the load date, else the first later
    one.
    """
    if not rows:
        return None, "unknown"
    if day is None:
        return None, None
    newest = max((r.load_date for r in rows if r.load_date <= load_date), default=None)
    ordered = [r for r in rows if r.load_date == newest]
    ordered += sorted((r for r in rows if r.load_date > load_date), key=lambda r: r.load_date)
    for row in ordered:
        if row.values["valid_from"] <= day <= (row.values["valid_to"] or date.max):
            return row, None
    return None, "validity"


def settle_transactions(trades: list[Record]) -> None:
    by_id: dict[str, list[Record]] = defaultdict(list)
    for trade in trades:
        by_id[trade.values["transaction_id"]].append(trade)
    for group in by_id.values():
        if all(t.values["status"] == "CANCELLED" for t in group):
            for trade in group:
                trade.verdict, trade.reasons = "rejected", ["cancellation.unknown"]
            continue
        group.sort(key=lambda t: (t.source_object, t.line))
        group.sort(
            key=lambda t: (t.values["version"], t.values["updated_at"], t.load_date, content_hash(t.values)),
            reverse=True,
        )
        newest: dict[int, Record] = {}
        for trade in group:
            leader = newest.setdefault(trade.values["version"], trade)
            if content_hash(trade.values) != content_hash(leader.values):
                trade.verdict, trade.reasons = "rejected", ["duplicate.conflict"]
            elif trade is not group[0]:
                trade.verdict = "duplicate"


def content_hash(values: dict[str, Any]) -> str:
    texts = []
    for column in COLUMNS["transactions"]:
        value = values[column]
        if column == "updated_at":
            continue
        if isinstance(value, datetime):
            value = (value - datetime(1970, 1, 1)) // timedelta(microseconds=1)
        texts.append("\\N" if value is None else f"{value:.6f}" if isinstance(value, Decimal) else str(value))
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()


def aggregate(verdicts: Verdicts) -> dict[str, list[dict[str, Any]]]:
    zone = ZoneInfo(verdicts.timezone)
    trades = verdicts.silver("transactions")
    live = [t for t in trades if t["status"] != "CANCELLED"]
    return {
        "daily_energy_consumption": daily_consumption(live, zone),
        "provider_performance": provider_performance(trades),
        "client_analytics": client_analytics(live, verdicts.silver("clients"), zone),
    }


def grouped(rows: list[dict[str, Any]], *columns: str) -> list[tuple[tuple[Any, ...], list[dict[str, Any]]]]:
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[tuple(row[c] for c in columns)].append(row)
    return sorted(found.items())


def total(rows: list[dict[str, Any]], column: str) -> Decimal:
    return sum((r[column] for r in rows), Decimal("0.000000"))


def ratio(a: Decimal | int, b: Decimal | int) -> Decimal | None:
    return Decimal(half_up(Fraction(a) / Fraction(b) * 10**6)).scaleb(-6) if b else None


def day_minutes(day: date, zone: ZoneInfo) -> int:
    start, end = (
        datetime.combine(d, datetime.min.time(), zone).astimezone(UTC) for d in (day, day + timedelta(days=1))
    )
    return int((end - start).total_seconds() // 60)


def daily_consumption(live: list[dict[str, Any]], zone: ZoneInfo) -> list[dict[str, Any]]:
    result = []
    for (day, client, bidding_zone), rows in grouped(live, "delivery_date", "client_id", "bidding_zone"):
        buys, sells = ([r for r in rows if r["side"] == side] for side in ("BUY", "SELL"))
        bought, sold = total(buys, "quantity_mwh"), total(sells, "quantity_mwh")
        cost, revenue = total(buys, "amount_eur"), total(sells, "amount_eur")
        expected = day_minutes(day, zone) // period_minutes(day)
        present = len({r["delivery_start"] for r in rows})
        result.append(
            {"delivery_date": day, "client_id": client, "bidding_zone": bidding_zone, "bought_mwh": bought,
             "sold_mwh": sold, "net_mwh": bought - sold, "cost_eur": cost, "revenue_eur": revenue,
             "net_cost_eur": cost - revenue, "vwap_buy_eur_mwh": ratio(cost, bought), "periods_expected": expected,
             "periods_present": present, "completeness": ratio(present, expected)}
        )  # fmt: skip
    return result


def provider_performance(trades: list[dict[str, Any]]) -> list[dict[str, Any]]:
    result = []
    delivered_all: dict[date, Decimal] = defaultdict(Decimal)
    for trade in trades:
        if trade["side"] == "BUY" and trade["status"] != "CANCELLED":
            delivered_all[trade["delivery_date"]] += trade["quantity_mwh"]
    for (day, provider), rows in grouped(trades, "delivery_date", "provider_id"):
        live = [r for r in rows if r["status"] != "CANCELLED"]
        buys = [r for r in live if r["side"] == "BUY"]
        delivered, revenue = total(buys, "quantity_mwh"), total(buys, "amount_eur")
        cancelled = len(rows) - len(live)
        late = sum(r["executed_at"] > r["delivery_start"] for r in live)
        result.append(
            {"delivery_date": day, "provider_id": provider, "delivered_mwh": delivered, "revenue_eur": revenue,
             "vwap_eur_mwh": ratio(revenue, delivered), "market_share": ratio(delivered, delivered_all[day]),
             "transactions": len(rows), "cancelled": cancelled,
             "amended": sum(r["status"] == "AMENDED" for r in rows), "cancel_rate": ratio(cancelled, len(rows)),
             "late_rate": ratio(late, len(live)),
             "negative_price_mwh": total([r for r in buys if r["price_eur_mwh"] < 0], "quantity_mwh")}
        )  # fmt: skip
    return result


def is_peak(instant: datetime, zone: ZoneInfo) -> bool:
    local = local_of(instant, zone)
    working = local.isoweekday() <= 5 and (local.month, local.day) not in HOLIDAYS
    return working and (10 <= local.hour < 14 or 18 <= local.hour < 22)


def client_analytics(
    live: list[dict[str, Any]], clients: list[dict[str, Any]], zone: ZoneInfo
) -> list[dict[str, Any]]:
    result = []
    rows_by_month = [r | {"delivery_month": r["delivery_date"].replace(day=1)} for r in live]
    for (month, client), rows in grouped(rows_by_month, "delivery_month", "client_id"):
        buys = [r for r in rows if r["side"] == "BUY"]
        consumption, cost = total(buys, "quantity_mwh"), total(buys, "amount_eur")
        peak = total([r for r in buys if is_peak(r["delivery_start"], zone)], "quantity_mwh")
        next_month = (month + timedelta(days=32)).replace(day=1)
        hours = (
            sum(day_minutes(month + timedelta(days=n), zone) for n in range((next_month - month).days)) // 60
        )
        deliveries = sorted((c for c in clients if c["client_id"] == client), key=lambda c: c["load_date"])
        before = [c for c in deliveries if c["load_date"] < next_month]
        power = (before[-1] if before else deliveries[0])["contracted_power_kw"] if deliveries else None
        periods: dict[tuple[datetime, int], Decimal] = defaultdict(Decimal)
        for row in buys:
            periods[row["delivery_start"], row["duration_minutes"]] += row["quantity_mwh"]
        powers = [ratio(mwh * 60, minutes) for (_, minutes), mwh in periods.items()]
        result.append(
            {"delivery_month": month, "client_id": client, "consumption_mwh": consumption, "cost_eur": cost,
             "avg_price_eur_mwh": ratio(cost, consumption), "peak_mwh": peak, "off_peak_mwh": consumption - peak,
             "peak_share": ratio(peak, consumption),
             "load_factor": ratio(consumption * 1000, power * hours) if power else None,
             "max_quarter_mw": max((p for p in powers if p is not None), default=None),
             "negative_price_exposure_eur": total([r for r in buys if r["price_eur_mwh"] < 0], "amount_eur"),
             "providers": len({r["provider_id"] for r in buys}), "rank_by_consumption": 0}
        )  # fmt: skip
    for row in result:
        row["rank_by_consumption"] = 1 + sum(
            o["delivery_month"] == row["delivery_month"] and o["consumption_mwh"] > row["consumption_mwh"]
            for o in result
        )
    return result
