"""Each dirty-data case as a small delivery: C whole file, R record, W accepted and counted."""

import gzip
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from etl.report import findings, render
from tests.etl.lake_support import DAY, HEADERS, VALID, Lake, changed, lines

TRADE = VALID["transactions"]
HEADER = HEADERS["transactions"]


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = Lake(tmp_path_factory.mktemp("settled"))
    lake.dimensions()
    assert lake.process().totals["good"] == 2
    return lake.root


@pytest.fixture
def lake(settled: Path, tmp_path: Path) -> Lake:
    """A lake whose one provider and one client are published already."""
    shutil.copytree(settled, tmp_path, dirs_exist_ok=True)
    return Lake(tmp_path)


def trade(number: int = 1, **values: str) -> str:
    return changed("transactions", **{"transaction_id": f"T{number:010d}", **values})


def run(lake: Lake, content: str | bytes, dataset: str = "transactions", *, name: str | None = None):
    """Deliver one file and return the result of its unit."""
    lake.deliver(dataset, content, name=name)
    summary = lake.process()
    unit = next(u for u in summary.units if u.dataset == dataset)
    assert unit.rows_in == unit.good + unit.rejected + unit.duplicates
    return unit


def warned(lake: Lake, dataset: str = "transactions") -> dict[str, int]:
    rows = lake.rows(f"processed/dq_results/dataset={dataset}/", "rule_id, failed, outcome")
    return {rule: failed for rule, failed, outcome in rows if outcome == "WARN"}


W_FILES = {
    "1 byte-order mark": (b"\xef\xbb\xbf" + lines("transactions", TRADE).encode(), "file.bom", 1),
    "3 CRLF": (lines("transactions", TRADE, trade(2)).replace("\n", "\r\n"), "file.line_endings", 2),
    "3 lone CR": (lines("transactions", TRADE, trade(2)).replace("\n", "\r"), "file.line_endings", 2),
    "3 no final newline": (lines("transactions", TRADE)[:-1], "file.final_newline", 1),
    "4 semicolon": (lines("transactions", TRADE).replace(",", ";"), "file.delimiter", 1),
    "4 tab": (lines("transactions", TRADE).replace(",", "\t"), "file.delimiter", 1),
    "8 reordered columns": (
        "\n".join(",".join(reversed(x.split(","))) for x in (HEADER, TRADE)) + "\n", "file.column_order", 1,
    ),
    "8 column names in capitals": (
        lines("transactions", TRADE).replace(HEADER, HEADER.upper()), "file.column_names", 1,
    ),
    "8 column name with a space": (
        lines("transactions", TRADE).replace("version,", "version ,", 1), "file.column_names", 1,
    ),
    "8 extra column": (f"{HEADER},trader\n{TRADE},ana\n", "file.extra_columns", 1),
    "11 empty day": (f"{HEADER}\n", "file.empty_day", 0),
    "blank lines": (f"{HEADER}\n\n{TRADE}\n  \n", "record.blank_line", 1),
}  # fmt: skip


@pytest.mark.parametrize(("content", "rule", "good"), W_FILES.values(), ids=W_FILES.keys())
def test_an_unusual_file_is_accepted_and_counted(
    lake: Lake, content: str | bytes, rule: str, good: int
) -> None:
    unit = run(lake, content)
    assert (unit.good, unit.rejected) == (good, 0)
    assert warned(lake)[rule] >= 1


def test_case_8_an_optional_column_that_is_absent_is_counted_as_it_leaves_every_value_empty(
    lake: Lake,
) -> None:
    header, row = HEADERS["clients"].rpartition(",")[0], VALID["clients"].rpartition(",")[0]
    unit = run(lake, f"{header}\n{row}\n", "clients")
    assert unit.good == 1
    assert warned(lake, "clients")["file.absent_columns"] == 1


def test_an_ordinary_file_gives_rise_to_no_warning_about_the_file(lake: Lake) -> None:
    run(lake, lines("transactions", TRADE))
    assert not [rule for rule in warned(lake) if rule.startswith(("file.", "record."))]


C_FILES = {
    "2 Latin-1": (lines("transactions", TRADE).replace("EUR", "€UR").encode("cp1252"), "file.encoding", 1),
    "2 mixed": (lines("transactions", trade(2, market="é")).encode() + b"\xe9\n", "file.encoding", 2),
    "2 UTF-16": (lines("transactions", TRADE).encode("utf-16"), "file.encoding", None),
    "2 UTF-16 without its mark": (lines("transactions", TRADE).encode("utf-16-le"), "file.encoding", 1),
    "2 gzip": (gzip.compress(lines("transactions", TRADE).encode(), mtime=0), "file.not_text", 0),
    "2 workbook": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00\xff\n\xfe\n", "file.not_text", 0),
    "2 empty archive": (b"PK\x05\x06" + bytes(18), "file.not_text", 0),
    "7 duplicate columns": (
        lines("transactions", TRADE).replace("currency", "status"), "file.duplicate_columns", 1,
    ),
    "8 missing column": (
        "\n".join(x.rpartition(",")[0] for x in (HEADER, TRADE)) + "\n", "file.missing_columns", 1,
    ),
    "no header": (f"{TRADE}\n{trade(2)}\n", "file.missing_columns", 2),
    "11 empty": (b"", "file.empty", 0),
}  # fmt: skip


@pytest.mark.parametrize(("content", "rule", "records"), C_FILES.values(), ids=C_FILES.keys())
def test_a_broken_file_is_quarantined_whole_and_the_others_go_on(
    lake: Lake, content: str | bytes, rule: str, records: int | None
) -> None:
    lake.deliver("transactions", lines("transactions", TRADE), name="good")
    unit = run(lake, content, name="broken")
    assert unit.good == 1
    assert unit.files_rejected == 1
    if records is not None:
        assert unit.rejected == records
    found = [f for f in findings(lake.store, "transactions", DAY) if f.line == 0]
    assert [(f.file, f.rule) for f in found] == [(f"raw/transactions/{DAY}/broken.csv", rule)]


def test_header_only_clients_are_a_broken_file_because_their_contract_allows_no_empty_day(lake: Lake) -> None:
    unit = run(lake, HEADERS["clients"] + "\n", "clients", name="more")
    assert unit.files_rejected == 1
    assert unit.good == 1


R_RECORDS = {
    "5 thousands and decimal comma": (trade(price_eur_mwh='"1.234,56"'), "price_eur_mwh.ambiguous"),
    "5 comma that may be thousands": (trade(price_eur_mwh='"1,234"'), "price_eur_mwh.ambiguous"),
    "5 English thousands": (trade(price_eur_mwh='"1,234.5"'), "price_eur_mwh.ambiguous"),
    "6 repeated header": (HEADER, "record.repeated_header"),
    "9 one field short": (TRADE.rpartition(",")[0], "record.ragged"),
    "9 one field too many": (TRADE + ",", "record.ragged"),
    "9 stray quote": (trade(market='DAY"AHEAD'), "record.stray_quote"),
    "9 unclosed quote": (trade(market='"DAY_AHEAD'), "record.stray_quote"),
    "13 blank": (trade(client_id=" "), "client_id.required"),
    **{
        f"13 {v}": (trade(quantity_mwh=v), "quantity_mwh.number")
        for v in ("NULL", "N/A", "-", "NaN", "Infinity", "1e309")
    },
    "13 version": (trade(version="1.0"), "version.integer"),
    "15 31 February": (trade(executed_at="2026-02-31T10:00:00Z"), "executed_at.timestamp_impossible"),
    "15 two-digit year": (trade(executed_at="26-02-03T10:00:00Z"), "executed_at.timestamp_format"),
    "15 day first": (trade(executed_at="03/02/2026 10:00"), "executed_at.timestamp_format"),
    "15 year 0001": (trade(executed_at="0001-01-01T00:00:00Z"), "executed_at.timestamp_range"),
    "15 year 9999": (trade(executed_at="9999-12-31T00:00:00Z"), "executed_at.timestamp_range"),
    "16 delivery in the spring gap": (
        trade(delivery_start="2026-03-29T02:30:00", delivery_end="2026-03-29T03:00:00"),
        "delivery_start.spring_gap",
    ),
    "16 delivery ends in the spring gap": (
        trade(delivery_start="2026-03-29T01:45:00", delivery_end="2026-03-29T02:00:00"),
        "delivery_end.spring_gap",
    ),
    "17 delivery in the autumn fold": (
        trade(delivery_start="2025-10-26T02:15:00", delivery_end="2025-10-26T02:30:00"),
        "delivery_start.autumn_fold",
    ),
    "16 spring gap": (trade(executed_at="2026-03-29T02:30:00"), "executed_at.spring_gap"),
    "17 autumn fold": (trade(executed_at="2025-10-26T02:30:00"), "executed_at.autumn_fold"),
    "20 negative quantity": (trade(quantity_mwh="-0.001"), "quantity_mwh.negative"),
    "21 above the cap": (trade(price_eur_mwh="4000.01"), "price_eur_mwh.limits"),
    "21 below the floor": (trade(price_eur_mwh="-500.01"), "price_eur_mwh.limits"),
    "21 beyond contracted power": (trade(quantity_mwh="1"), "quantity_mwh.contracted_power"),
    "22 ends when it starts": (trade(delivery_end="2026-03-28T10:00:00Z"), "period.order"),
    "22 not aligned": (
        trade(delivery_start="2026-03-28T10:01:00Z", delivery_end="2026-03-28T10:16:00Z"), "period.aligned",
    ),
    "22 ends before it starts": (trade(delivery_end="2026-03-28T09:45:00Z"), "period.order"),
    "22 a quarter hour while periods were hours": (
        trade(delivery_start="2025-09-30T10:00:00Z", delivery_end="2025-09-30T10:15:00Z"), "period.length",
    ),
    "22 an hour that does not start on the hour": (
        trade(delivery_start="2025-09-30T10:15:00Z", delivery_end="2025-09-30T11:15:00Z"), "period.aligned",
    ),
    "22 an hour": (trade(delivery_end="2026-03-28T11:00:00Z"), "period.length"),
    "23 unknown client": (trade(client_id="C999999"), "client.unknown"),
    "23 unknown provider": (trade(provider_id="P9999"), "provider.unknown"),
    "24 cancels nothing": (trade(status="CANCELLED"), "cancellation.unknown"),
    "25 unknown code": (trade(status="DONE"), "status.code"),
    "25 id": (trade(transaction_id="T1"), "transaction_id.pattern"),
    "25 control character": (trade(market="DAY\x07AHEAD"), "record.control_character"),
    "25 NUL": (trade(market="DAY\x00AHEAD"), "record.control_character"),
    "25 C1 control": (trade(market="DAY\u0085AHEAD"), "record.control_character"),
    "25 overflow": (trade(quantity_mwh="1000000000000"), "quantity_mwh.overflow"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "rule"), R_RECORDS.values(), ids=R_RECORDS.keys())
def test_a_broken_record_is_quarantined_with_its_line_and_reason(lake: Lake, row: str, rule: str) -> None:
    unit = run(lake, lines("transactions", trade(8), row, trade(9)))
    assert (unit.good, unit.rejected) == (2, 1)
    reasons = lake.quarantine()[f"raw/transactions/{DAY}/transactions.csv", 3]
    assert rule in reasons
    ((raw,),) = lake.rows("processed/quarantine/dataset=transactions/", "raw")
    if rule != "cancellation.unknown":
        assert raw == row.replace("\x00", "\\x00")


@pytest.mark.parametrize("dataset", ["clients", "providers"])
@pytest.mark.parametrize(
    ("first", "last", "good"),
    [
        ("2026-03-29", "", 0),
        ("2026-03-28", "2026-03-28", 1),
        ("2021-01-01", "2026-03-27", 0),
    ],
    ids=["before its first day", "on its only day", "after its last day"],
)
def test_case_23_a_delivery_must_lie_within_the_validity_of_its_client_and_provider(
    lake: Lake, dataset: str, first: str, last: str, good: int
) -> None:
    lake.deliver(dataset, lines(dataset, changed(dataset, valid_from=first, valid_to=last)))
    unit = run(lake, lines("transactions", TRADE))
    assert unit.good == good
    assert unit.reasons == ({} if good else {f"{dataset[:-1]}.validity": 1})


GOOD_RECORDS = {
    "21 the lowest price": trade(price_eur_mwh="-500"),
    "21 the highest price": trade(price_eur_mwh="4000"),
    "21 what twice the contracted power draws": trade(quantity_mwh="0.005"),
    "22 an hour before October 2025": trade(
        delivery_start="2025-09-30T21:00:00Z", delivery_end="2025-09-30T22:00:00Z"
    ),
    "22 the first quarter hour of October 2025": trade(
        delivery_start="2025-09-30T22:00:00Z", delivery_end="2025-09-30T22:15:00Z"
    ),
    "16 the quarter hour before the spring gap": trade(
        delivery_start="2026-03-29T01:45:00", delivery_end="2026-03-29T03:00:00"
    ),
    "17 both readings of the autumn fold, told by the offset": trade(
        delivery_start="2025-10-26T02:45:00+02:00", delivery_end="2025-10-26T02:00:00+01:00"
    ),
    "18 an offset of whole hours": trade(
        delivery_start="2026-03-28 11:00:00+01", delivery_end="2026-03-28 11:15:00+01"
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", GOOD_RECORDS.values(), ids=GOOD_RECORDS.keys())
def test_a_record_at_the_edge_of_a_rule_is_good(lake: Lake, row: str) -> None:
    unit = run(lake, lines("transactions", row))
    assert (unit.good, unit.rejected) == (1, 0)
    (silver,) = lake.table("processed/transactions/")
    minutes = 60 if silver["delivery_date"].isoformat() < "2025-10-01" else 15
    assert silver["duration_minutes"] == minutes


@pytest.mark.parametrize(
    ("day", "first", "periods"),
    [("2026-03-29", "2026-03-28T23:00", 92), ("2026-03-30", "2026-03-29T22:00", 96),
     ("2025-10-26", "2025-10-25T22:00", 100), ("2025-03-30", "2025-03-29T23:00", 23)],
)  # fmt: skip
def test_case_19_a_day_is_complete_with_the_periods_that_its_clock_gives_it(
    lake: Lake, day: str, first: str, periods: int
) -> None:
    length = timedelta(minutes=60 if periods == 23 else 15)
    start = datetime.fromisoformat(first)
    rows = [
        trade(n, delivery_start=f"{(start + n * length).isoformat()}Z",
              delivery_end=f"{(start + (n + 1) * length).isoformat()}Z")
        for n in range(periods)
    ]  # fmt: skip
    unit = run(lake, lines("transactions", *rows[1:]))
    assert unit.warnings == {"completeness.periods": 1}
    unit = run(lake, lines("transactions", *rows))
    assert (unit.good, unit.warnings) == (periods, {})
    assert {row["delivery_date"].isoformat() for row in lake.table("processed/transactions/")} == {day}


def test_case_11_a_cut_last_line_is_rejected_as_truncated(lake: Lake) -> None:
    unit = run(lake, lines("transactions", trade(1), trade(2))[:-40])
    assert unit.reasons == {"record.truncated": 1}
    assert unit.good == 1


def test_case_12_the_same_content_under_another_name_counts_once(lake: Lake) -> None:
    content = lines("transactions", trade(1), trade(2))
    lake.deliver("transactions", content, name="a")
    unit = run(lake, content, name="b")
    assert (unit.rows_in, unit.good, unit.duplicates) == (4, 2, 2)
    assert warned(lake)["file.duplicate_content"] == 1


W_RECORDS = {
    "5 decimal comma": (trade(quantity_mwh='"0,001"'), "quantity_mwh.decimal_comma"),
    "10 delimiter in quotes": (trade(price_eur_mwh='"50,00"'), "record.quoted_break"),
    "14 non-breaking space": (trade(client_id="\u00a0C000001\u202f"), "client_id.spaces"),
    "14 lower case": (trade(side="buy"), "side.case"),
    "18 no offset": (trade(executed_at="2026-03-27 10:00"), "executed_at.no_offset"),
    "18 mixed offsets": (trade(executed_at="2026-03-27T10:00:00+01:00"), "file.mixed_offsets"),
    "20 zero": (trade(quantity_mwh="0"), "quantity_mwh.zero"),
    "21 negative price": (trade(price_eur_mwh="-1"), "price_eur_mwh.negative"),
    "19 missing periods": (trade(), "completeness.periods"),
    "25 rounded": (trade(price_eur_mwh="50.0000001"), "price_eur_mwh.rounded"),
}


@pytest.mark.parametrize(("row", "rule"), W_RECORDS.values(), ids=W_RECORDS.keys())
def test_an_unusual_record_is_accepted_and_counted(lake: Lake, row: str, rule: str) -> None:
    unit = run(lake, lines("transactions", row))
    assert (unit.good, unit.rejected) == (1, 0)
    assert warned(lake)[rule] == 1
    assert unit.warnings[rule] == 1


def test_normalised_values_reach_silver_typed(lake: Lake) -> None:
    row = trade(
        client_id=" c000001 ", quantity_mwh='"0,0015"', price_eur_mwh="-10", executed_at="2026-03-27T10:00:00"
    )
    run(lake, lines("transactions", row))
    (silver,) = lake.table("processed/transactions/")
    assert silver["client_id"] == "C000001"
    assert str(silver["quantity_mwh"]) == "0.001500"
    assert str(silver["amount_eur"]) == "-0.015000"
    assert silver["executed_at"].isoformat() == "2026-03-27T09:00:00"
    assert silver["source_line"] == 2


def test_case_19_periods_repeated_for_one_client_and_provider_are_counted(lake: Lake) -> None:
    run(lake, lines("transactions", trade(1), trade(2)))
    assert warned(lake)["completeness.duplicates"] == 1


CLIENTS = {
    "25 CUPS": (changed("clients", cups="ES1234123456789012JX"), "cups.cups"),
    "25 NIF": (changed("clients", tax_id="12345678A"), "tax_id.tax_id"),
    "25 formula": (changed("clients", name="=1+1"), "name.formula"),
    "25 formula after spaces": (changed("clients", name="  @cmd"), "name.formula"),
    "25 tariff": (changed("clients", tariff="2.1A"), "tariff.code"),
    "20 power": (changed("clients", contracted_power_kw="0"), "contracted_power_kw.positive"),
    "15 day first": (changed("clients", valid_from="31/02/2020"), "valid_from.date_format"),
    "15 impossible": (changed("clients", valid_from="2021-02-31"), "valid_from.date_impossible"),
    "15 open end": (changed("clients", valid_to="9999-12-31"), "valid_to.date_range"),
    "22 validity": (changed("clients", valid_to="2020-12-31"), "validity.order"),
}


@pytest.mark.parametrize(("row", "rule"), CLIENTS.values(), ids=CLIENTS.keys())
def test_a_broken_client_is_quarantined(lake: Lake, row: str, rule: str) -> None:
    unit = run(lake, lines("clients", row.replace("C000001", "C000002")), "clients", name="more")
    assert unit.reasons == {rule: 1}


def test_case_25_a_provider_with_a_wrong_eic_or_company_nif_is_quarantined(lake: Lake) -> None:
    rows = [
        changed("providers", provider_id="P0002", eic_code="10YES-REE------1"),
        changed("providers", provider_id="P0003", tax_id="A58818502"),
    ]
    unit = run(lake, lines("providers", *rows), "providers", name="more")
    assert unit.reasons == {"eic_code.eic": 1, "tax_id.tax_id": 1}


def test_case_10_line_breaks_inside_quotes_keep_line_numbers_true(lake: Lake) -> None:
    rows = (
        changed("clients", client_id="C000002", name='"Comunidad\nde ""vecinos"", 2ª fase"'),
        changed("clients", client_id="C000003", name="=bad"),
    )
    run(lake, lines("clients", *rows), "clients", name="more")
    names = dict(lake.rows("processed/clients/", "client_id, name"))
    assert names["C000002"] == 'Comunidad\nde "vecinos", 2ª fase'
    assert set(lake.quarantine("clients")) == {(f"raw/clients/{DAY}/more.csv", 4)}


def test_a_stray_quote_does_not_swallow_its_neighbours(lake: Lake) -> None:
    rows = [trade(1), trade(2, market='"DAY_AHEAD'), trade(3), trade(4, market='"DAY_AHEAD'), trade(5)]
    unit = run(lake, lines("transactions", *rows))
    assert (unit.good, unit.rejected) == (3, 2)


def test_case_24_versions_settle_by_the_total_order(lake: Lake) -> None:
    rows = [
        trade(1), trade(1, version="2", status="AMENDED", price_eur_mwh="60"),
        trade(2), trade(2),
        trade(3), trade(3, price_eur_mwh="51", updated_at="2026-03-27T11:00:00Z"),
        trade(4, version="2", status="AMENDED"),
        trade(5), trade(5, version="2", status="CANCELLED"),
    ]  # fmt: skip
    unit = run(lake, lines("transactions", *rows))
    assert (unit.good, unit.rejected, unit.duplicates) == (5, 1, 3)
    silver = {r["transaction_id"][-1]: r for r in lake.table("processed/transactions/")}
    assert {k: r["version"] for k, r in silver.items()} == {"1": 2, "2": 1, "3": 1, "4": 2, "5": 2}
    assert str(silver["3"]["price_eur_mwh"]) == "51.000000"
    assert silver["5"]["status"] == "CANCELLED"
    assert lake.quarantine() == {
        (f"raw/transactions/{DAY}/transactions.csv", 6): frozenset({"duplicate.conflict"})
    }


def test_case_24_a_client_with_two_contents_in_one_load_date_is_trusted_in_neither(lake: Lake) -> None:
    rows = [
        changed("clients", client_id="C000002"),
        changed("clients", client_id="C000002", province="Sevilla"),
    ]
    unit = run(lake, lines("clients", *rows), "clients", name="more")
    assert unit.reasons == {"duplicate.conflict": 2}
    assert unit.good == 1


def test_a_record_that_breaks_several_rules_names_them_all(lake: Lake) -> None:
    run(lake, lines("transactions", trade(quantity_mwh="-1", price_eur_mwh="x", status="DONE")))
    ((_, reasons),) = lake.quarantine().items()
    assert reasons == {"quantity_mwh.negative", "price_eur_mwh.number", "status.code"}


def test_the_report_says_file_line_field_value_rule_and_what_to_do_and_masks_personal_data(
    lake: Lake,
) -> None:
    lake.deliver(
        "clients", lines("clients", changed("clients", client_id="C000002", tax_id="12345678A")), name="more"
    )
    lake.deliver("transactions", lines("transactions", trade(price_eur_mwh="1e309")))
    text = render(lake.store, lake.process())
    assert f"raw/transactions/{DAY}/transactions.csv:2  price_eur_mwh = '1e309'" in text
    assert "what to do: Write price_eur_mwh as digits with a decimal point" in text
    assert f"raw/clients/{DAY}/more.csv:2  tax_id = '•••• (9 characters)'" in text
    assert "12345678A" not in text
    assert "Ana" not in text


def test_the_report_shows_the_columns_that_a_rule_on_a_record_is_about(lake: Lake) -> None:
    late = trade(1, delivery_end="2026-03-28T11:00:00Z")
    twice = [trade(2), trade(2, price_eur_mwh="51", updated_at="2026-03-27T11:00:00Z")]
    lake.deliver("transactions", lines("transactions", late, trade(3, client_id="C999999"), *twice))
    text = render(lake.store, lake.process())
    place = f"raw/transactions/{DAY}/transactions.csv"
    assert (
        f"{place}:2  delivery_start = '2026-03-28T10:00:00Z'  delivery_end = '2026-03-28T11:00:00Z'" in text
    )
    assert f"{place}:3  client_id = 'C999999'" in text
    assert f"{place}:4  transaction_id = 'T0000000002'  version = '1'  updated_at = '2026-03-27T10" in text


def test_the_report_shows_a_record_that_cannot_be_split_unless_it_holds_personal_data(lake: Lake) -> None:
    lake.deliver("transactions", lines("transactions", "T1,what is this"))
    lake.deliver("clients", lines("clients", VALID["clients"], "C000002,Luis"))
    text = render(lake.store, lake.process())
    assert f"raw/transactions/{DAY}/transactions.csv:2  record = 'T1,what is this'" in text
    assert f"raw/clients/{DAY}/clients.csv:3  record = '•••• (12 characters)'" in text
    assert "Luis" not in text


def test_the_report_names_a_broken_file_once_and_says_what_is_wrong_with_it(lake: Lake) -> None:
    lacking = [x.rpartition(",")[0] for x in (HEADER, *(trade(n) for n in range(20)))]
    lake.deliver("transactions", "\n".join(lacking) + "\n", name="lacking")
    lake.deliver("transactions", gzip.compress(b"a", mtime=0), name="packed")
    lake.deliver("transactions", lines("transactions", TRADE, "é").encode("latin-1"), name="western")
    text = render(lake.store, lake.process()) + "\n"
    for name, detail in (
        ("lacking", "updated_at"), ("packed", "gzip"), ("western", "line 3 is the first that is not UTF-8")
    ):  # fmt: skip
        assert f"raw/transactions/{DAY}/{name}.csv (the whole file)  {detail}\n" in text
        assert text.count(f"/{name}.csv") == 1


def test_the_report_tells_what_was_accepted_with_a_warning(lake: Lake) -> None:
    lake.deliver("transactions", lines("transactions", trade(1, price_eur_mwh="-5"), trade(2, status="X")))
    text = render(lake.store, lake.process())
    assert "accepted with a warning: " in text
    assert "price_eur_mwh.negative ×1" in text


def test_a_file_that_is_rejected_whole_is_no_warning(lake: Lake) -> None:
    lake.deliver("transactions", b"", name="empty")
    unit = run(lake, lines("transactions", TRADE))
    assert not [rule for rule in unit.warnings if rule.startswith("file.")]


def test_a_threshold_breach_publishes_nothing_and_leaves_evidence(lake: Lake) -> None:
    lake.deliver("transactions", lines("transactions", *(trade(n) for n in range(1, 200))))
    assert lake.process().exit_code == 0
    before = lake.content("processed/transactions/", "processed/quarantine/", "processed/dq_results/")
    lake.deliver(
        "transactions", lines("transactions", *(trade(n, status="DONE") for n in range(300, 400))), name="bad"
    )
    summary = lake.process()
    assert summary.exit_code == 3
    (unit,) = summary.units
    assert [(b.rule_id, b.failed, b.evaluated) for b in unit.breaches] == [("reject_ratio", 100, 299)]
    assert (unit.rows_out, unit.bytes_out) == (0, 0)
    assert lake.content("processed/transactions/", "processed/quarantine/", "processed/dq_results/") == before
    text = render(lake.store, summary)
    assert "NOTHING PUBLISHED: 100 of 299 broke reject_ratio" in text
    assert "status.code" in text
    lake.store.delete([f"raw/transactions/{DAY}/bad.csv"])
    assert lake.process().exit_code == 0
    assert not list(lake.store.list("processed/_ops/breaches/"))
