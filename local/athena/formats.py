"""Athena's two date format languages as DuckDB's: MySQL's for `date_format`, Joda's for `format_datetime`."""

import re

from local.athena.errors import QueryError

MYSQL = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I", "I": "%I",
    "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p", "r": "%I:%M:%S %p",
    "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G", "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
JODA = {
    "yyyy": "%Y", "y": "%Y", "yy": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%-m", "dd": "%d",
    "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S",
    "s": "%-S", "SSS": "%g", "SSSSSS": "%f", "a": "%p", "EEEE": "%A", "EEE": "%a", "E": "%a", "e": "%u",
    "DDD": "%j", "ww": "%V", "xxxx": "%G",
}  # fmt: skip
JODA_OFFSETS = ("Z", "ZZ")


def mysql(pattern: str) -> str:
    """Translate a `date_format`/`date_parse` pattern.

    Raises:
        QueryError: It holds a specifier that Athena or DuckDB does not have.

    """

    def one(found: re.Match[str]) -> str:
        if found[1] not in MYSQL:
            raise QueryError("INVALID_FUNCTION_ARGUMENT", f"%{found[1]} is not supported in a date format")
        return MYSQL[found[1]]

    return re.sub(r"%(.)", one, pattern, flags=re.S)


def joda(pattern: str, *, parsing: bool) -> str:
    """Translate a `format_datetime`/`parse_datetime` pattern; offsets (`Z`, `ZZ`) only when parsing.

    Raises:
        QueryError: It holds letters that are not supported.

    """
    found: list[str] = []
    for match in re.finditer(r"'((?:[^']|'')*)'|(([A-Za-z])\3*)|([^A-Za-z'])", pattern):
        literal, letters, _, other = match.groups()
        if literal is not None:
            found.append((literal.replace("''", "'") or "'").replace("%", "%%"))
        elif other is not None:
            found.append(other.replace("%", "%%"))
        elif letters in JODA:
            found.append(JODA[letters])
        elif parsing and letters in JODA_OFFSETS:
            found.append("%z")
        else:
            raise QueryError(
                "INVALID_FUNCTION_ARGUMENT", f"'{letters}' is not supported in a datetime pattern"
            )
    return "".join(found)
