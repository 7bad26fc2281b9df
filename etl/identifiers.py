"""Check characters of Spanish tax identifiers, supply points (CUPS) and ENTSO-E codes (EIC).

Sources and published examples the tests hold: the Spanish control letter modulo 23 (12345678Z), the company
identifier of Decreto 2423/1975 (A58818501, P3935361J), the CUPS of the Spanish system operator's procedure
(ES1234123456789012JY), and the EIC reference manual (10YES-REE------0, 10YPT-REN------W;
a code whose check character would be a hyphen is not issued, such as 23X--130302DLGW-).
"""

LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
EIC_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
COMPANY_LETTERS = "JABCDEFGHI"


def nif(number: int) -> str:
    """Personal identifier of an eight-digit number."""
    return f"{number:08d}{LETTERS[number % 23]}"


def company_nif(kind: str, number: int) -> str:
    """Company identifier of a kind that ends in a digit (A or B) and a seven-digit number."""
    digits = [int(d) for d in f"{number:07d}"]
    total = sum(digits[1::2]) + sum(2 * d // 10 + 2 * d % 10 for d in digits[0::2])
    return f"{kind}{number:07d}{-total % 10}"


def cups(number: int) -> str:
    """Supply point code of a sixteen-digit number."""
    quotient, remainder = divmod(number % 529, 23)
    return f"ES{number:016d}{LETTERS[quotient]}{LETTERS[remainder]}"


def eic(stem: str) -> str:
    """Energy Identification Code that begins with a stem of up to fourteen characters, filled with hyphens.

    Where the check character would be a hyphen, which is not allowed, an A follows the stem.
    """
    body = stem.ljust(15, "-")
    total = sum(EIC_ALPHABET.index(c) * (16 - i) for i, c in enumerate(body))
    check = EIC_ALPHABET[36 - (total - 1) % 37]
    return eic(f"{stem}A") if check == "-" else body + check


def cups_valid_sql(column: str) -> str:
    """SQL that is true for a supply point code whose control letters agree."""
    number = f"(try_cast(substr({column}, 3, 16) AS BIGINT) % 529)"
    letters = " AND ".join(
        f"substr('{LETTERS}', CAST({part} AS INTEGER) + 1, 1) = substr({column}, {at}, 1)"
        for part, at in ((f"{number} // 23", 19), (f"{number} % 23", 20))
    )
    return f"(regexp_full_match({column}, 'ES[0-9]{{16}}[A-Z]{{2}}([0-9][A-Z])?') AND {letters})"


def eic_valid_sql(column: str) -> str:
    """SQL that is true for an Energy Identification Code whose check character agrees and is no hyphen."""
    terms = " + ".join(
        f"(strpos('{EIC_ALPHABET}', substr({column}, {i + 1}, 1)) - 1) * {16 - i}" for i in range(15)
    )
    check = f"substr('{EIC_ALPHABET}', CAST(37 - ({terms} - 1) % 37 AS INTEGER), 1)"
    return f"(regexp_full_match({column}, '[0-9A-Z-]{{15}}[0-9A-Z]') AND {check} = substr({column}, 16, 1))"


def tax_id_valid_sql(column: str) -> str:
    """SQL that is true for a Spanish NIF, NIE or company identifier whose control character agrees.

    Kinds K, L and M are accepted by their form: no published example was found to check the letter against.
    """
    person = f"translate(substr({column}, 1, 1), 'XYZ', '012') || substr({column}, 2, 7)"
    letter = f"substr('{LETTERS}', CAST(try_cast({person} AS BIGINT) % 23 AS INTEGER) + 1, 1)"
    digits = [f"try_cast(substr({column}, {at}, 1) AS INTEGER)" for at in range(2, 9)]
    doubled = " + ".join(f"2 * {d} // 10 + 2 * {d} % 10" for d in digits[0::2])
    control = f"((10 - ({doubled} + {' + '.join(digits[1::2])}) % 10) % 10)"
    last = f"substr({column}, 9, 1)"
    as_digit = f"{last} = CAST({control} AS VARCHAR)"
    as_letter = f"{last} = substr('{COMPANY_LETTERS}', {control} + 1, 1)"
    foreign = f"substr({column}, 2, 2) = '00'"
    return f"""CASE
      WHEN regexp_full_match({column}, '[0-9XYZ][0-9]{{7}}[A-Z]') THEN {last} = {letter}
      WHEN regexp_full_match({column}, '[KLM][0-9]{{7}}[A-Z]') THEN TRUE
      WHEN regexp_full_match({column}, '[ABEH][0-9]{{7}}[0-9A-J]')
        THEN {as_digit} OR ({foreign} AND {as_letter})
      WHEN regexp_full_match({column}, '[PQRSNW][0-9]{{7}}[A-J]') THEN {as_letter}
      WHEN regexp_full_match({column}, '[CDFGJUV][0-9]{{7}}[0-9A-J]') THEN {as_digit} OR {as_letter}
      ELSE FALSE END"""
