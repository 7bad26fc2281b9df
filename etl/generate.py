"""Seeded synthetic deliveries: providers, clients and transactions as an energy trader would receive them.

Everything is invented, identifiers carry valid check characters, e-mail addresses are in example.com. The
same seed, rows and dates give the same bytes. `python -m etl.generate --out DIR --seed N --rows N --dates
D1,D2,…`.
"""

import argparse
import hashlib
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from etl import dirt
from etl.contract import load
from etl.identifiers import company_nif, cups, eic, nif
from etl.market import Market

DATES = ("2026-03-28", "2026-03-29", "2026-03-30")
_TECHNOLOGIES = ("WIND", "SOLAR", "HYDRO", "NUCLEAR", "CCGT", "COGENERATION", "BIOMASS", "STORAGE")
_NAMES = (
    "Alba",
    "Bruno",
    "Carmen",
    "Diego",
    "Elena",
    "Íñigo",
    "Lucía",
    "Marc",
    "Nerea",
    "Óscar",
    "Rocío",
    "Xoán",
)
_SURNAMES = ("García", "Muñoz", "Ferrer", "Etxeberria", "Castro", "Peña", "Núñez", "Roca", "Soler", "Vidal")
_PROVINCES = ("Madrid", "Barcelona", "Sevilla", "A Coruña", "Bizkaia", "Cáceres", "Almería", "Zaragoza")
_TARIFFS = (("2.0TD", 4, 15), ("3.0TD", 20, 400), ("6.1TD", 450, 5000), ("6.2TD", 1000, 20000))


@dataclass(frozen=True, slots=True)
class Dirt:
    """One injected fault: case, kind (C, R or W), file, line (0: the file) and what it is."""

    case: int
    kind: str
    file: str
    line: int
    note: str


@dataclass(slots=True)
class Manifest:
    """What was generated: parameters, the SHA-256 of each file, and every injected fault."""

    seed: int
    rows: int
    dates: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)
    dirt: list[Dirt] = field(default_factory=list)

    @property
    def cases(self) -> tuple[int, ...]:
        """Dirty-data cases that occur."""
        return tuple(sorted({d.case for d in self.dirt}))


@dataclass(frozen=True, slots=True)
class Ratios:
    """Shares of the transactions that are bad, delivered twice, and delivered a load date late."""

    bad: float = 0.01
    duplicate: float = 0.01
    late: float = 0.005


def generate(
    out: Path,
    *,
    seed: int = 7,
    rows: int = 3000,
    dates: Sequence[str] = DATES,
    cases: bool = True,
    ratios: Ratios | None = None,
    market: Market | None = None,
) -> Manifest:
    """Write `<out>/<dataset>/YYYY-MM-DD/*.csv` with about `rows` transactions over the dates.

    `cases` adds the named dirty-data cases in small files and rows of their own. Transactions are streamed:
    memory does not grow with `rows`.
    """
    manifest = Manifest(seed, rows, tuple(dates))
    world = _World(seed, rows, tuple(dates), ratios or Ratios(), market or Market())
    late: list[str] = []
    for number, day in enumerate(dates):
        _write(out, manifest, f"providers/{day}/providers.csv", world.providers())
        _write(out, manifest, f"clients/{day}/clients.csv", world.clients())
        _write(out, manifest, f"transactions/{day}/transactions.csv", world.transactions(number, late))
    if cases:
        for spoiled in dirt.cases(world.sample(dates[0]), tuple(dates)):
            path = out / spoiled.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(spoiled.content)
            manifest.files[spoiled.file] = hashlib.sha256(spoiled.content).hexdigest()
            manifest.dirt += [Dirt(f.case, f.kind, spoiled.file, f.line, f.note) for f in spoiled.faults]
    return manifest


class _World:
    """A market of providers and clients whose transactions follow from the seed alone."""

    def __init__(self, seed: int, rows: int, dates: tuple[str, ...], ratios: Ratios, market: Market) -> None:
        self.random = random.Random(seed)
        self.ratios = ratios
        self.dates = dates
        self.zone = ZoneInfo(market.timezone)
        self.market = market
        periods = sum(len(list(self._periods(day))) for day in dates)
        self.client_count = max(2, math.ceil(rows / periods))
        self.rows_left = rows
        self.provider_count = 8 if self.client_count < 1000 else 40
        self.power = [self._power(i) for i in range(self.client_count)]
        self.next_id = 1

    def _power(self, i: int) -> tuple[str, int]:
        tariff, low, high = _TARIFFS[i % len(_TARIFFS)]
        return tariff, self.random.randint(low, high)

    def providers(self) -> Iterator[str]:
        """Lines of providers.csv."""
        yield ",".join(f.name for f in load("providers").source_fields)
        for i in range(self.provider_count):
            technology = _TECHNOLOGIES[i % len(_TECHNOLOGIES)]
            name = f"{technology.title()} Ibérica {i + 1}"
            code = eic(f"18X{technology[:6]}-{i + 1:03d}")
            country = "PT" if i % 5 == 4 else "ES"
            tax_id = company_nif("A", 4_100_000 + i * 37)
            yield f"P{i + 1:04d},{name},{tax_id},{code},{technology},{country},2020-01-01,"

    def clients(self) -> Iterator[str]:
        """Lines of clients.csv."""
        yield ",".join(f.name for f in load("clients").source_fields)
        for i, (tariff, power) in enumerate(self.power):
            person = tariff == "2.0TD"
            first, last = _NAMES[i % len(_NAMES)], _SURNAMES[i // 3 % len(_SURNAMES)]
            name = f"{first} {last}" if person else f"Industrias {last} {i + 1} S.L."
            tax_id = (
                nif(20_000_000 + i * 7919 % 60_000_000)
                if person
                else company_nif("B", 1_000_000 + i * 61 % 8_000_000)
            )
            code = cups(21_000_000_000_000 + i * 104_729)
            province = _PROVINCES[i % len(_PROVINCES)]
            contact = f"cliente{i + 1}@example.com"
            yield f"C{i + 1:06d},{name},{tax_id},{code},{contact},{tariff},{power},{province},2021-01-01,"

    def transactions(self, number: int, late: list[str]) -> Iterator[str]:
        """Lines of one load date's transactions.csv; `late` carries lines over to the next date."""
        yield ",".join(f.name for f in load("transactions").source_fields)
        yield from late
        late.clear()
        draw, ratios = self.random.random, self.ratios
        is_last = number == len(self.dates) - 1
        executed_day = date.fromisoformat(self.dates[number]) - timedelta(days=1)
        bad, twice = ratios.bad, ratios.bad + ratios.duplicate
        held, amended = twice + (0 if is_last else ratios.late), twice + ratios.late + 0.005
        for index, (start, end, hours) in enumerate(self._periods(self.dates[number])):
            price = (
                62
                + 45 * math.sin(index / 96 * 2 * math.pi - 1.2)
                - (70 if 44 <= index < 60 and number == 1 else 0)
            )
            shape = 0.35 + 0.25 * math.sin(index / 96 * 2 * math.pi - 2)
            for i in range(self.client_count):
                if self.rows_left == 0:
                    return
                self.rows_left -= 1
                line = self._line(i, (start, end, hours), price, shape, executed_day)
                chance = draw()
                if chance >= amended:
                    yield line
                elif chance < bad:
                    yield dirt.spoil(line, draw())
                elif chance < twice:
                    yield line
                    yield line
                elif chance < held:
                    late.append(line)
                else:
                    yield line
                    if not is_last:
                        late.append(dirt.amend(line, draw()))

    def _line(
        self, i: int, period: tuple[str, str, float], price: float, shape: float, executed_day: date
    ) -> str:
        start, end, hours = period
        draw = self.random.random
        number, self.next_id = self.next_id, self.next_id + 1
        quantity = self.power[i][1] / 1000 * hours * (shape + 0.3 * draw())
        cents = price + 8 * (draw() - 0.5)
        provider = (i * 7 + number % 3) % self.provider_count + 1
        side = "SELL" if number % 17 == 0 else "BUY"
        market = ("DAY_AHEAD", "DAY_AHEAD", "INTRADAY", "BILATERAL", "FORWARD")[number % 5]
        zone = "PT" if i % 11 == 10 else "ES"
        status = ("CONFIRMED", "NEW", "SETTLED", "CONFIRMED")[number % 4]
        executed = f"{executed_day}T{8 + number % 10:02d}:{number % 60:02d}:00Z"
        if number % 101 == 0:
            executed = end
        return (
            f"T{number:010d},1,C{i + 1:06d},P{provider:04d},{side},{market},{zone},{start},{end},"
            f"{quantity:.6f},{cents:.2f},EUR,{status},{executed},{executed}"
        )

    def _periods(self, day: str) -> Iterator[tuple[str, str, float]]:
        """Start and end of each market period of a local day, and its hours."""
        local = date.fromisoformat(day)
        step = timedelta(minutes=self.market.period_minutes(local))
        start = datetime(local.year, local.month, local.day, tzinfo=self.zone).astimezone(UTC)
        for n in range(self.market.day_minutes(local) // self.market.period_minutes(local)):
            begin, end = start + n * step, start + (n + 1) * step
            yield _iso(begin), _iso(end), step.total_seconds() / 3600

    def sample(self, day: str) -> dirt.Sample:
        """Valid lines that the dirty cases are made from."""
        providers, clients = list(self.providers()), list(self.clients())
        start, end, _ = next(iter(self._periods(day)))
        return dirt.Sample(
            headers={
                name: ",".join(f.name for f in load(name).source_fields)
                for name in ("providers", "clients", "transactions")
            },
            provider=providers[1],
            client=clients[1],
            transaction=f"T9000000000,1,C000001,P0001,BUY,DAY_AHEAD,ES,{start},{end},0.001,50.00,EUR,CONFIRMED,{start},{start}",
        )


def _write(out: Path, manifest: Manifest, name: str, lines: Iterator[str]) -> None:
    path = out / name
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    batch: list[str] = []
    with path.open("wb") as stream:

        def flush() -> None:
            text = ("\n".join(batch) + "\n").encode() if batch else b""
            digest.update(text)
            stream.write(text)
            batch.clear()

        for line in lines:
            batch.append(line)
            if len(batch) >= 20_000:
                flush()
        flush()
    manifest.files[name] = digest.hexdigest()


def _iso(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def main(argv: Sequence[str] | None = None) -> int:
    """Command line of the generator; prints the manifest as JSON."""
    parser = argparse.ArgumentParser(prog="python -m etl.generate", description=__doc__)
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to write <dataset>/YYYY-MM-DD/*.csv into"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rows", type=int, default=3000, help="transactions over all dates")
    parser.add_argument("--dates", default=",".join(DATES), help="load dates, comma separated")
    parser.add_argument("--no-cases", action="store_true", help="leave out the named dirty-data cases")
    given = parser.parse_args(argv)
    dates = tuple(d.strip() for d in given.dates.split(","))
    manifest = generate(given.out, seed=given.seed, rows=given.rows, dates=dates, cases=not given.no_cases)
    json.dump(asdict(manifest), sys.stdout, ensure_ascii=False, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
