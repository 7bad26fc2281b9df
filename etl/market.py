"""The electricity market's clock: time zone, period length, peak hours and price limits."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.errors import DataLakeError

QUARTER_HOURS_SINCE = date(2025, 10, 1)
FIRST_YEAR, LAST_YEAR = 2000, 2099
_NEVER = datetime(9999, 1, 1)

# Fixed national holidays of Spain, which the access tariffs treat as off-peak days (month, day).
HOLIDAYS = ((1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25))
PEAK_HOURS = ((10, 14), (18, 22))


@dataclass(frozen=True, slots=True)
class Transition:
    """From `instant` (UTC, naive) on, local time is `offset_minutes` ahead of UTC."""

    instant: datetime
    offset_minutes: int


@dataclass(frozen=True, slots=True)
class Market:
    """Settings of a market; prices in EUR/MWh, `peak_hours` as local [from, to) hours of working days."""

    timezone: str = "Europe/Madrid"
    price_floor: float = -500
    price_cap: float = 4000
    peak_hours: tuple[tuple[int, int], ...] = PEAK_HOURS
    holidays: tuple[tuple[int, int], ...] = HOLIDAYS

    def __post_init__(self) -> None:
        if self.price_floor >= self.price_cap:
            raise DataLakeError(
                f"The price floor {self.price_floor} is not below the cap {self.price_cap}.",
                where="--price_floor, --price_cap",
                fix="Give limits in EUR/MWh, such as -500 and 4000.",
            )
        transitions(self.timezone)

    def offset_sql(self, instant: str) -> str:
        """SQL of the minutes that local time is ahead of UTC at a UTC timestamp expression.

        Looks the year up in the session variables that `variables` declares.
        """
        year = f"CAST(extract(year FROM {instant}) AS INTEGER) - {FIRST_YEAR - 2}"
        branches = " ".join(
            f"WHEN {instant} >= getvariable('market_change_{k}')[{year}] "
            f"THEN getvariable('market_offset_{k}')[{year}]"
            for k in range(_most_changes(self.timezone), 0, -1)
        )
        otherwise = f"getvariable('market_offset_0')[{year}]"
        return f"CASE {branches} ELSE {otherwise} END" if branches else otherwise

    def variables(self) -> tuple[str, ...]:
        """Statements that declare, for each year, its offset at the start and its k-th change of offset."""
        statements = []
        by_year = _by_year(self.timezone)
        for k in range(_most_changes(self.timezone) + 1):
            rows = [changes[k] if k < len(changes) else Transition(_NEVER, 0) for changes in by_year]
            statements.append(f"SET VARIABLE market_offset_{k} = {[r.offset_minutes for r in rows]}")
            instants = ", ".join(f"TIMESTAMP '{r.instant}'" for r in rows)
            statements.append(f"SET VARIABLE market_change_{k} = [{instants}]")
        return tuple(statements)

    def year_table(self) -> tuple[list[list[int]], list[list[int]]]:
        """For each year from 1999 on, its offset at the start and after its k-th change, in minutes.

        The second value holds when those changes come, from the first on, in microseconds since 1970 UTC.
        """
        by_year = _by_year(self.timezone)
        padded = []
        for k in range(_most_changes(self.timezone) + 1):
            usual = next(c[k].offset_minutes for c in by_year if k < len(c))
            padded.append([c[k] if k < len(c) else Transition(_NEVER, usual) for c in by_year])
        offsets = [[t.offset_minutes for t in row] for row in padded]
        return offsets, [[_micros(t.instant) for t in row] for row in padded[1:]]

    def offsets(self) -> tuple[int, ...]:
        """Every offset from UTC in minutes that the zone uses."""
        return tuple(sorted({t.offset_minutes for t in transitions(self.timezone)}))

    def reading_sql(self, local: str, offset: int) -> str:
        """SQL that is true when a local timestamp is an instant that has this offset."""
        return f"market_offset({local} - INTERVAL {offset} MINUTE) = {offset}"

    def peak_sql(self, local: str) -> str:
        """SQL that is true for a local timestamp in a peak hour of a working day."""
        hours = " OR ".join(f"extract(hour FROM {local}) BETWEEN {a} AND {b - 1}" for a, b in self.peak_hours)
        days = ", ".join(str(month * 100 + day) for month, day in self.holidays) or "0"
        return (
            f"(({hours or 'FALSE'}) AND isodow({local}) <= 5 "
            f"AND extract(month FROM {local}) * 100 + extract(day FROM {local}) NOT IN ({days}))"
        )

    def period_minutes_sql(self, day: str) -> str:
        """SQL of the length in minutes of a market period on a market-local date."""
        return f"(CASE WHEN {day} >= DATE '{QUARTER_HOURS_SINCE}' THEN 15 ELSE 60 END)"

    def macros(self) -> tuple[str, ...]:
        """Statements that teach DuckDB the market's clock."""
        return (
            *self.variables(),
            f"CREATE OR REPLACE MACRO market_offset(t) AS {self.offset_sql('t')}",
            f"CREATE OR REPLACE MACRO market_peak(t) AS {self.peak_sql('t')}",
            "CREATE OR REPLACE MACRO market_local(t) AS t + market_offset(t) * INTERVAL 1 MINUTE",
        )

    def day_minutes(self, day: date) -> int:
        """Length of a market-local day in minutes: 1440, or 1380 and 1500 at clock changes."""
        zone = ZoneInfo(self.timezone)
        start, end = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (day, day + timedelta(days=1)))
        return round((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds() / 60)

    def period_minutes(self, day: date) -> int:
        """Length in minutes of a market period on a market-local date."""
        return 15 if day >= QUARTER_HOURS_SINCE else 60


@cache
def transitions(timezone: str) -> tuple[Transition, ...]:
    """Offsets of a zone in 2000..2099, the first from the beginning; DataLakeError if unusable."""
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DataLakeError(
            f"Unknown time zone {timezone!r}.",
            where="--market_timezone",
            fix="Use an IANA name such as Europe/Madrid.",
        ) from error
    start, end = datetime(FIRST_YEAR - 1, 12, 30), datetime(LAST_YEAR + 1, 1, 2)
    offset = _offset(zone, start)
    found = [Transition(start, offset)]
    step = timedelta(days=7)
    while start < end:
        following = _offset(zone, start + step)
        if following != offset:
            found.append(_first_change(zone, start, start + step))
            offset = following
        start += step
    if any(t.offset_minutes % 60 for t in found):
        raise DataLakeError(
            f"The zone {timezone} is not a whole number of hours from UTC.",
            where="--market_timezone",
            fix="Market periods are aligned in UTC; use a zone of whole hours.",
        )
    return tuple(found)


def _offset(zone: ZoneInfo, instant: datetime) -> int:
    offset = zone.fromutc(instant.replace(tzinfo=zone)).utcoffset()
    assert offset is not None
    return round(offset.total_seconds() / 60)


def _first_change(zone: ZoneInfo, before: datetime, after: datetime) -> Transition:
    old = _offset(zone, before)
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) / 2
        middle = middle.replace(second=0, microsecond=0)
        if middle == before:
            break
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return Transition(after, _offset(zone, after))


@cache
def _by_year(timezone: str) -> tuple[tuple[Transition, ...], ...]:
    """For each year from 1999 to 2100, the offset at its start and its changes."""
    changes, years = transitions(timezone), []
    for year in range(FIRST_YEAR - 1, LAST_YEAR + 2):
        start = datetime(year, 1, 1)
        current = max((t for t in changes if t.instant <= start), key=lambda t: t.instant, default=changes[0])
        inside = tuple(
            t for t in changes if start < t.instant < datetime(year + 1, 1, 1) and t is not current
        )
        years.append((Transition(start, current.offset_minutes), *inside))
    return tuple(years)


def _micros(instant: datetime) -> int:
    return (instant - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def _most_changes(timezone: str) -> int:
    return max(len(changes) for changes in _by_year(timezone)) - 1
