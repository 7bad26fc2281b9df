"""Check characters against published examples, in SQL as the rules use them and in the generator."""

import random

import duckdb
import pytest

from etl import identifiers
from tests.etl import oracle

VALID = {
    "tax_id": [
        "12345678Z", "47776371N", "87654321X", "11111111H", "56789423P", "X1234567L",
        "54362315K", "X5253868R", "M1234567L", "B64717838", "J99216582",
        "A58818501", "A28015865",
        "A95758389", "P3935361J", "Q2826000H",
    ],
    "cups": ["ES1234123456789012JY", "ES1234123456789012JY0F"],
    "eic": [
        "10YES-REE------0", "10YPT-REN------W", "22XWATTPLUS----G", "21Z000000000163R", "10YTR-TEIAS----W",
    ],
}  # fmt: skip
INVALID = {
    "tax_id": [
        "12345678A",
        "A58818502",
        "A5881850A",
        "P39353610",
        "1234567Z",
        "O1234567A",
        "",
        "ÑÑÑÑÑÑÑÑÑ",
        "B64717839",
        "J99216583",
    ],
    "cups": ["ES1234123456789012JX", "ES1234123456789013JY", "FR1234123456789012JY", "ES123412345678901JY"],
    "eic": [
        "10YES-REE------1",
        "10YPT-REN------V",
        "10YES-REE-----0",
        "10yes-ree------0",
        "22XWATTPLUS----X",
        "23X--130302DLGW-",
    ],
}
SQL = {
    "tax_id": identifiers.tax_id_valid_sql,
    "cups": identifiers.cups_valid_sql,
    "eic": identifiers.eic_valid_sql,
}


DIGITS = "0123456789"
SHAPES = (
    ("0123456789XYZ", *[DIGITS] * 7, identifiers.LETTERS),
    ("ABCDEFGHJKLMNPQRSUVW", *[DIGITS] * 7, DIGITS + "ABCDEFGHIJ"),
    ("1", "8", "X", *[identifiers.EIC_ALPHABET] * 13),
)


def valid(kind: str, text: str) -> bool:
    with duckdb.connect() as connection:
        (answer,) = connection.execute(
            f"SELECT coalesce({SQL[kind]('t')}, FALSE) FROM (SELECT ? AS t)", [text]
        ).fetchone()
    return bool(answer)


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in VALID.items() for t in texts])
def test_a_published_example_is_valid(kind: str, text: str) -> None:
    assert valid(kind, text)


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in INVALID.items() for t in texts])
def test_a_mistyped_identifier_is_invalid(kind: str, text: str) -> None:
    assert not valid(kind, text)


def test_generated_identifiers_are_valid_for_the_independent_checks() -> None:
    draw = random.Random(1)
    for _ in range(300):
        assert oracle.good_cups(identifiers.cups(draw.randrange(10**16)))
        assert oracle.good_tax_id(identifiers.nif(draw.randrange(10**8)))
        assert oracle.good_tax_id(identifiers.company_nif("B", draw.randrange(10**7)))
        assert oracle.good_eic(identifiers.eic(f"18X{draw.randrange(10**6)}"))


def test_no_code_is_made_whose_check_character_would_be_a_hyphen() -> None:
    code = identifiers.eic("18X674723")
    assert code.startswith("18X674723A")
    assert code[-1] != "-"
    assert oracle.good_eic(code)


def test_sql_and_independent_checks_agree_on_random_texts() -> None:
    draw = random.Random(2)
    texts = ["".join(draw.choice(alphabet) for alphabet in draw.choice(SHAPES)) for _ in range(6000)]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE texts AS SELECT unnest(?) AS t", [texts])
        rows = connection.execute(
            f"SELECT t, coalesce({SQL['tax_id']('t')}, FALSE), coalesce({SQL['eic']('t')}, FALSE) FROM texts"
        ).fetchall()
    assert {tax for _, tax, _ in rows} == {eic for _, _, eic in rows} == {True, False}
    for text, tax, eic in rows:
        assert (tax, eic) == (oracle.good_tax_id(text), oracle.good_eic(text)), text
