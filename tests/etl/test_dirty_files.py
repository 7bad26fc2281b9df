"""Engine and oracle agree on dirty files nobody thought of: random damage to delivered bytes, fixed seed."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.etl.lake_support import HEADERS, VALID, Lake, changed, lines
from tests.etl.test_oracle_agreement import assert_agreement

TEXTS = st.sampled_from(
    ["", " ", '"', '""', ",", ";", "\t", "\n", "\r\n", "\r", "\u00a0", "\x00", "\x1a", "\x85", "é", "=1",
     "NULL", "1,5", "1.234,5", "1e3", "-0.5", "+7", "00012", "2026-03-29T02:30:00", "2025-10-26 02:15",
     "2026-02-30T00:00:00Z",
     "2026-03-28T10:00:00+01:00", "2026-03-28T10:00Z", "C000001", "c000001 ", "BUY", "buy",
     "99999999999999", "0.0000005",
     "2099-12-31T23:59:59-14:00", "T0000000001", HEADERS["transactions"]]
)  # fmt: skip
COLUMNS = HEADERS["transactions"].split(",")


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    rows = []
    for number in range(draw(st.integers(1, 6))):
        fields = changed("transactions", transaction_id=f"T{draw(st.integers(1, 3)):010d}").split(",")
        fields[1] = str(draw(st.integers(1, 2)))
        for _ in range(draw(st.integers(0, 2))):
            fields[draw(st.integers(0, len(fields) - 1))] = draw(TEXTS)
        rows.append(",".join(fields) if number or draw(st.booleans()) else VALID["transactions"])
    content = lines("transactions", *rows)
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(len(HEADERS["transactions"]), len(content)))
        content = content[:at] + draw(TEXTS) + content[at + draw(st.integers(0, 3)) :]
    data = content.encode()
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.sampled_from([b"\xff", b"\xe9", b"\xef\xbb\xbf"])) + data[at:]
    return data[: len(data) - draw(st.integers(0, 3))]


@settings(
    max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(st.lists(damaged_files(), min_size=1, max_size=4))
def test_engine_and_oracle_agree_on_damaged_files(files: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        lake.dimensions()
        for number, content in enumerate(files):
            lake.deliver("transactions", content, name=f"file{number}")
        lake.process()
        assert_agreement(lake)
