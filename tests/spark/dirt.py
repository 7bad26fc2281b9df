"""Every dirty-data case as a file of its own, with ids of its own, and files damaged at random."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from tests.etl import test_dirty_cases as cases
from tests.etl.lake_support import DAY, VALID, Lake, changed, lines
from tests.etl.test_dirty_files import damaged_files

LATER = "2026-03-29"
GOOD = 150
CASES: dict[str, str | bytes] = {
    **{f"W {name}": content for name, (content, *_) in cases.W_FILES.items()},
    **{f"C {name}": content for name, (content, *_) in cases.C_FILES.items()},
    **{
        f"R {name}": lines("transactions", cases.trade(8), row, cases.trade(9))
        for name, (row, _) in cases.R_RECORDS.items()
    },
    **{f"W {name}": lines("transactions", row) for name, (row, _) in cases.W_RECORDS.items()},
    **{f"good {name}": lines("transactions", row) for name, row in cases.GOOD_RECORDS.items()},
    "R 11 truncated": lines("transactions", cases.trade(1), cases.trade(2))[:-40],
    "W 19 repeated periods": lines("transactions", cases.trade(1), cases.trade(2)),
    "R 23 outside validity": lines("transactions", cases.trade(1, client_id="C000009")),
    "R 9 stray quotes between good rows": lines(
        "transactions",
        cases.trade(1), cases.trade(2, market='"DAY_AHEAD'), cases.trade(3),
        cases.trade(4, market='"DAY_AHEAD'), cases.trade(5),
    ),
    "W 5 14 18 normalised": lines(
        "transactions",
        cases.trade(
            1, client_id=" c000001 ", quantity_mwh='"0,0015"', price_eur_mwh="-10",
            executed_at="2026-03-27T10:00:00",
        ),
    ),
    "24 versions": lines(
        "transactions",
        cases.trade(1), cases.trade(1, version="2", status="AMENDED", price_eur_mwh="60"),
        cases.trade(2), cases.trade(2),
        cases.trade(3), cases.trade(3, price_eur_mwh="51", updated_at="2026-03-27T11:00:00Z"),
        cases.trade(4, version="2", status="AMENDED"),
        cases.trade(5), cases.trade(5, version="2", status="CANCELLED"),
        cases.trade(6, status="CANCELLED"),
    ),
    "several rules": lines(
        "transactions", cases.trade(quantity_mwh="-1", price_eur_mwh="x", status="DONE")
    ),
    "spread over two load dates": lines("transactions", cases.trade(1), cases.trade(2), cases.trade(3)),
}  # fmt: skip
"""Content of a file by the name of its case; in it the ids have a number of their own."""

FOLLOW_UP = lines(
    "transactions",
    cases.trade(1, version="2", status="AMENDED", price_eur_mwh="70"),
    cases.trade(2, price_eur_mwh="71", updated_at="2026-03-28T10:00:00Z"),
    cases.trade(3, version="2", status="CANCELLED"),
    cases.trade(4, delivery_start="2026-03-29T00:45:00Z", delivery_end="2026-03-29T01:00:00Z"),
    cases.trade(5, delivery_start="2026-03-29T01:00:00Z", delivery_end="2026-03-29T01:15:00Z", side="SELL"),
)


def case_key(name: str) -> str:
    """Key of the raw object of a case."""
    return f"raw/transactions/{DAY}/case-{list(CASES).index(name):02d}.csv"


def deliver(root: Path) -> Lake:
    """Deliver all cases on one load date; on the next what corrects them and files damaged at random."""
    lake = Lake(root)
    lake.deliver("providers", lines("providers", VALID["providers"], *PROVIDERS))
    past = changed("clients", client_id="C000009", valid_to="2026-03-27")
    lake.deliver("clients", lines("clients", VALID["clients"], past, *CLIENTS))
    for name, content in CASES.items():
        data = content if isinstance(content, bytes) else content.encode()
        lake.store.put(case_key(name), _own(data, list(CASES).index(name) + 1))
    good = [cases.trade(number, quantity_mwh="0.0005") for number in range(100, 100 + GOOD)]
    lake.deliver("transactions", lines("transactions", *good))
    copy = lines("transactions", *good)
    lake.deliver("transactions", copy, name="the-same-again")
    last = list(CASES).index("spread over two load dates") + 1
    lake.deliver("transactions", _own(FOLLOW_UP.encode(), last), day=LATER)
    filler = [cases.trade(number, quantity_mwh="0.0007") for number in range(300, 300 + 3 * GOOD)]
    lake.deliver("transactions", lines("transactions", *filler), day=LATER, name="good")
    for number, content in enumerate(drawn(30)):
        lake.deliver("transactions", content, day=LATER, name=f"damaged-{number:02d}")
    return lake


PROVIDERS = (
    changed("providers", provider_id="P0002", eic_code="10YES-REE------1"),
    changed("providers", provider_id="P0003", tax_id="A58818502"),
    changed("providers", provider_id="p0004", name='"Viento, ""del"" Sur"', tax_id="b58818501"),
    *(changed("providers", provider_id=f"P01{n:02d}") for n in range(20)),
)
CLIENTS = (
    *(row.replace("C000001", f"C0001{n:02d}") for n, (row, _) in enumerate(cases.CLIENTS.values())),
    changed("clients", client_id="C000002"),
    changed("clients", client_id="C000002", province="Sevilla"),
    changed("clients", client_id="C000003"),
    changed("clients", client_id="C000003"),
    changed("clients", client_id="C000004", name='"Comunidad\nde ""vecinos"", 2ª fase \\ /"', email="Ñ@é.es"),
    changed("clients", client_id="C000005", tax_id="Straße", cups="ﬁ", tariff="ı", name="\U0001f600 @x"),
    *(changed("clients", client_id=f"C0009{n:02d}") for n in range(40)),
)


def drawn(count: int) -> list[bytes]:
    """Return files that hypothesis damages, the same ones in every run."""
    found: list[bytes] = []

    @settings(
        max_examples=count, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(damaged_files())
    def draw(content: bytes) -> None:
        found.append(content)

    draw()
    return found


def _own(content: bytes, number: int) -> bytes:
    return content.replace(b"T0000", b"T%04d" % number)
