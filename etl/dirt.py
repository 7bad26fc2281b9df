"""Dirty deliveries by case, made from one valid line so that only the fault differs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_ID, _VERSION, _CLIENT, _PROVIDER, _SIDE, _MARKET, _ZONE, _START, _END = range(9)
_QUANTITY, _PRICE, _CURRENCY, _STATUS, _EXECUTED, _UPDATED = range(9, 15)


@dataclass(frozen=True, slots=True)
class Sample:
    """Header lines by dataset and one valid line of each."""

    headers: dict[str, str]
    provider: str
    client: str
    transaction: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An injected fault: case, C, R or W, line in its file (0: the whole file) and what it is."""

    case: int
    kind: str
    line: int
    note: str


@dataclass(slots=True)
class Spoiled:
    """One dirty file: its name below the raw zone, its bytes and its faults."""

    file: str
    content: bytes
    faults: list[Fault] = field(default_factory=list)


def spoil(line: str, chance: float) -> str:
    """Break a transaction line in one of several ways, chosen by a number in 0..1."""
    fields = line.split(",")
    ways: tuple[Callable[[], object], ...] = (
        lambda: fields.__setitem__(_QUANTITY, "-" + fields[_QUANTITY]),
        lambda: fields.__setitem__(_PRICE, "99999.00"),
        lambda: fields.__setitem__(_STATUS, "UNKNOWN"),
        lambda: fields.__setitem__(_CLIENT, "C999999"),
        lambda: fields.__setitem__(_QUANTITY, "N/A"),
        lambda: fields.__setitem__(_START, fields[_START].replace("-", "/")),
        lambda: fields.__setitem__(_END, fields[_START]),
        fields.pop,
    )
    ways[int(chance * len(ways))]()
    return ",".join(fields)


def amend(line: str, chance: float) -> str:
    """Make version 2 of a transaction line: mostly amended, now and then cancelled."""
    fields = line.split(",")
    fields[_VERSION] = "2"
    fields[_UPDATED] = fields[_END]
    if chance < 0.3:
        fields[_STATUS] = "CANCELLED"
    else:
        fields[_STATUS], fields[_PRICE] = "AMENDED", f"{float(fields[_PRICE]) + 1:.2f}"
    return ",".join(fields)


def cases(sample: Sample, dates: tuple[str, ...]) -> Iterator[Spoiled]:
    """Yield the dirty files of every case, spread over the load dates."""
    maker = _Maker(sample, dates)
    yield from maker.whole_files()
    yield maker.rows()
    yield maker.lifecycle_first()
    yield maker.lifecycle_later()
    yield from maker.dimensions()


class _Maker:
    def __init__(self, sample: Sample, dates: tuple[str, ...]) -> None:
        self.sample = sample
        self.first, self.middle, self.last = dates[0], dates[len(dates) // 2], dates[-1]
        self.header = sample.headers["transactions"]
        self.number = 9_000_000_000

    def row(self, **changes: str) -> str:
        """Return a valid transaction line of its own id, with some fields changed (by column name)."""
        fields = self.sample.transaction.split(",")
        self.number += 1
        fields[_ID] = f"T{self.number:010d}"
        names = self.header.split(",")
        for name, value in changes.items():
            fields[names.index(name)] = value
        return ",".join(fields)

    def _file(self, name: str, content: bytes, *faults: Fault, day: str | None = None) -> Spoiled:
        return Spoiled(f"transactions/{day or self.middle}/{name}.csv", content, list(faults))

    def whole_files(self) -> Iterator[Spoiled]:
        """Files whose encoding, delimiter, header or content is off."""
        h = self.header

        def text(*lines: str, end: str = "\n") -> bytes:
            return end.join((*lines, "")).encode()

        yield self._file("bom", b"\xef\xbb\xbf" + text(h, self.row()), Fault(1, "W", 0, "byte-order mark"))
        latin = text(h, self.row()).replace(b"EUR", "€UR".encode("cp1252"))
        yield self._file("latin1", latin, Fault(2, "C", 0, "not UTF-8"))
        yield self._file("crlf", text(h, self.row(), end="\r\n"), Fault(3, "W", 0, "CRLF line ends"))
        yield self._file(
            "lone-cr", text(h, self.row(), self.row(), end="\r"), Fault(3, "W", 0, "lone CR line ends")
        )
        yield self._file("no-newline", text(h, self.row())[:-1], Fault(3, "W", 0, "no final newline"))
        semicolon = text(h, self.row(quantity_mwh="0.0015")).replace(b",", b";").replace(b"0.0015", b"0,0015")
        yield self._file(
            "semicolon", semicolon, Fault(4, "W", 0, "semicolon delimiter"), Fault(5, "W", 2, "decimal comma")
        )
        yield self._file("tab", text(h, self.row()).replace(b",", b"\t"), Fault(4, "W", 0, "tab delimiter"))
        yield self._file(
            "repeated-column",
            text(h.replace("currency", "status"), self.row()),
            Fault(7, "C", 0, "status twice"),
        )
        reordered = [",".join(reversed(line.split(","))) for line in (h, self.row())]
        yield self._file("reordered", text(*reordered), Fault(8, "W", 0, "columns reversed"))
        yield self._file(
            "missing-column",
            text(*(line.rpartition(",")[0] for line in (h, self.row()))),
            Fault(8, "C", 0, "updated_at is missing"),
        )
        yield self._file(
            "extra-column", text(h + ",trader", self.row() + ",ana"), Fault(8, "W", 0, "extra column")
        )
        yield self._file("empty", b"", Fault(11, "C", 0, "no bytes"))
        yield self._file("header-only", text(h), Fault(11, "W", 0, "empty day"))
        cut = text(h, self.row(), self.row())[:-30]
        yield self._file(
            "truncated", cut, Fault(11, "R", 3, "last line cut"), Fault(3, "W", 0, "no final newline")
        )
        twice = text(h, self.row())
        yield self._file("delivered", twice)
        yield self._file("delivered-again", twice, Fault(12, "W", 0, "same content as delivered.csv"))

    def rows(self) -> Spoiled:
        """One file of single broken or unusual records."""
        lines, faults = [self.header], list[Fault]()

        def add(case: int, kind: str, note: str, line: str) -> None:
            lines.append(line)
            faults.append(Fault(case, kind, len(lines), note))

        row, start = self.row, self.sample.transaction.split(",")[_START]
        add(5, "W", "decimal comma in quotes", row(quantity_mwh='"0,0015"'))
        add(5, "R", "thousands separator", row(price_eur_mwh='"1.234,56"'))
        add(6, "R", "header again", self.header)
        add(9, "R", "one field short", row().rpartition(",")[0])
        add(9, "R", "one field too many", row() + ",x")
        add(9, "R", "stray quote", row(market='DAY"AHEAD'))
        for value in ("NULL", "N/A", "-", "NaN", "Infinity", "1e309"):
            add(13, "R", f"{value} as a number", row(quantity_mwh=value))
        add(13, "R", "blank client", row(client_id=""))
        add(14, "W", "non-breaking and surrounding spaces", row(client_id=" C000001\u00a0"))
        add(14, "W", "lower-case codes", row(side="buy", market="day_ahead").replace("T9", "t9", 1))
        add(15, "R", "31 February", row(executed_at="2026-02-31T10:00:00Z"))
        add(15, "R", "two-digit year", row(executed_at="26-03-28T10:00:00Z"))
        add(15, "R", "day and month swapped", row(executed_at="03/04/2026 10:00"))
        add(15, "R", "year 9999", row(executed_at="9999-12-31T00:00:00Z"))
        add(16, "R", "hour that the spring change skips", row(executed_at="2026-03-29T02:30:00"))
        add(17, "R", "hour that the autumn change repeats", row(executed_at="2025-10-26T02:30:00"))
        add(18, "W", "no offset", row(executed_at="2026-03-27T10:00:00"))
        add(18, "W", "numeric offset", row(executed_at="2026-03-27T10:00:00+01:00"))
        add(20, "R", "negative quantity", row(quantity_mwh="-1"))
        add(20, "W", "zero quantity", row(quantity_mwh="0"))
        add(21, "W", "negative price", row(price_eur_mwh="-12.50"))
        add(21, "R", "price above the cap", row(price_eur_mwh="4000.01"))
        add(21, "R", "kWh sent as MWh", row(quantity_mwh="90000"))
        add(22, "R", "ends before it starts", row(delivery_end="2026-03-01T00:00:00Z"))
        add(22, "R", "not aligned", row(delivery_start=start.replace(":00Z", ":07Z")))
        add(
            22,
            "R",
            "two hours long",
            row(delivery_end=f"{start[:11]}{(int(start[11:13]) + 2) % 24:02d}{start[13:]}"),
        )
        add(23, "R", "unknown client", row(client_id="C900404"))
        add(23, "R", "unknown provider", row(provider_id="P9404"))
        add(25, "R", "unknown status", row(status="DONE"))
        add(25, "R", "control character", row(market="DAY\x07AHEAD"))
        add(25, "R", "NUL character", row(market="DAY\x00AHEAD"))
        add(25, "R", "decimal overflow", row(quantity_mwh="1234567890123"))
        content = "\n".join((*lines, "")).encode()
        return Spoiled(f"transactions/{self.middle}/broken-rows.csv", content, faults)

    def lifecycle_first(self) -> Spoiled:
        """First delivery of the transactions whose later versions follow."""
        rows = [
            self.row(transaction_id="T9100000001"),
            self.row(transaction_id="T9100000002"),
            self.row(transaction_id="T9100000002"),
            self.row(transaction_id="T9100000003", version="2", status="AMENDED"),
            self.row(transaction_id="T9100000004"),
            self.row(transaction_id="T9100000004", price_eur_mwh="51.00"),
            self.row(transaction_id="T9100000005", status="CANCELLED"),
            self.row(transaction_id="T9100000006", client_id="C900001"),
        ]
        faults = [
            Fault(24, "W", 4, "exact duplicate"),
            Fault(24, "W", 5, "amendment before its original"),
            Fault(24, "R", 6, "version 1 with two contents"),
            Fault(24, "R", 8, "cancellation of an unknown transaction"),
            Fault(23, "R", 9, "client arrives with the last load date; then the row is good"),
        ]
        content = "\n".join((self.header, *rows, "")).encode()
        return Spoiled(f"transactions/{self.first}/lifecycle.csv", content, faults)

    def lifecycle_later(self) -> Spoiled:
        """Later versions: an amendment, the late original, a cancellation."""
        rows = [
            self.row(transaction_id="T9100000001", version="2", status="AMENDED", price_eur_mwh="55.00"),
            self.row(transaction_id="T9100000003"),
            self.row(transaction_id="T9100000002", version="2", status="CANCELLED"),
        ]
        faults = [
            Fault(24, "W", 2, "amends a transaction of an earlier load date"),
            Fault(24, "W", 3, "original after its amendment"),
            Fault(24, "W", 4, "cancels a transaction of an earlier load date"),
        ]
        content = "\n".join((self.header, *rows, "")).encode()
        return Spoiled(f"transactions/{self.last}/lifecycle.csv", content, faults)

    def dimensions(self) -> Iterator[Spoiled]:
        """Clients and providers with broken identifiers, quoted text and formulas."""
        client, provider = self.sample.client.split(","), self.sample.provider.split(",")

        def changed(fields: list[str], **changes: str) -> str:
            header = self.sample.headers["clients" if fields is client else "providers"].split(",")
            return ",".join(changes.get(name, value) for name, value in zip(header, fields, strict=True))

        bad = client[3][:-1] + ("A" if client[3][-1] != "A" else "B")
        lines = [
            changed(client, client_id="C900002", name='"García, María"'),
            changed(client, client_id="C900003", name='"Comunidad\nde vecinos"'),
            changed(client, client_id="C900004", cups=bad),
            changed(client, client_id="C900005", tax_id="12345678A"),
            changed(client, client_id="C900006", name="=HYPERLINK(0)"),
            changed(client, client_id="C900007", tariff="9.9TD"),
            changed(client, client_id="C900008", valid_from="31/02/2020"),
        ]
        faults = [
            Fault(10, "W", 2, "delimiter in quotes"),
            Fault(10, "W", 3, "line break in quotes"),
            Fault(25, "R", 5, "CUPS control letters"),
            Fault(25, "R", 6, "NIF control letter"),
            Fault(25, "R", 7, "spreadsheet formula"),
            Fault(25, "R", 8, "unknown tariff"),
            Fault(15, "R", 9, "day first"),
        ]
        content = "\n".join((self.sample.headers["clients"], *lines, "")).encode()
        yield Spoiled(f"clients/{self.middle}/clients-new.csv", content, faults)
        arrival = changed(client, client_id="C900001")
        content = "\n".join((self.sample.headers["clients"], arrival, "")).encode()
        yield Spoiled(f"clients/{self.last}/clients-late.csv", content)
        wrong = provider[3][:-1] + ("0" if provider[3][-1] != "0" else "1")
        lines = [
            changed(provider, provider_id="P9001", eic_code=wrong),
            changed(provider, provider_id="P9002", tax_id="A58818502"),
        ]
        content = "\n".join((self.sample.headers["providers"], *lines, "")).encode()
        faults = [Fault(25, "R", 2, "EIC check character"), Fault(25, "R", 3, "company NIF control digit")]
        yield Spoiled(f"providers/{self.middle}/providers-new.csv", content, faults)
