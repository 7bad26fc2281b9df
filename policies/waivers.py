"""Waivers: findings that somebody answers for, for a while, one by one.

A waiver that is malformed or past its day covers nothing, so that the finding stands. Only failures can be
waived, never what could not be verified.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from policies.controls.control import Control, Judgement, Severity, Verdict
from policies.controls.registry import CONTROLS

FILE = Path(__file__).resolve().parent / "waivers.yaml"
LONGEST = timedelta(days=180)
_SHORTEST_REASON = 30
_FIELDS = ("control", "urn", "finding", "reason", "owner", "ticket", "expires")
_TICKET = re.compile(r"#\d+|[A-Z][A-Z0-9_]*-\d+|https://\S+")


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted finding.

    Args:
        control: Id of the control.
        urn: Glob of the URNs it covers.
        finding: Text of the finding, whole, with single spaces.
        reason: Why it is acceptable.
        owner: Who answers for it.
        ticket: Where it is followed up: `LAKE-12`, `#12` or an https address.
        expires: The last day on which it holds.
        approver: The second person, for critical controls.

    """

    control: str
    urn: str
    finding: str
    reason: str
    owner: str
    ticket: str
    expires: date
    approver: str = ""

    def covers(self, control: Control, judgement: Judgement) -> bool:
        """Whether it is about this finding."""
        return (
            judgement.verdict is Verdict.FAIL
            and control.id == self.control
            and fnmatchcase(judgement.resource.urn, self.urn)
            and _spaced(judgement.what) == self.finding
        )

    def __str__(self) -> str:
        return f"{self.control} on {self.urn}, {self.ticket} of {self.owner}, until {self.expires}"


@dataclass(frozen=True, slots=True)
class Void:
    """An entry of the file that covers nothing: which, why, and what to do."""

    where: str
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.fix}"


@dataclass(frozen=True)
class Waivers:
    """The waivers in force on a day, those past their day, and the entries that are none."""

    active: tuple[Waiver, ...] = ()
    expired: tuple[Waiver, ...] = ()
    void: tuple[Void, ...] = ()

    def covering(self, control: Control, judgement: Judgement) -> Waiver | None:
        """Return the waiver in force for a finding."""
        return next((waiver for waiver in self.active if waiver.covers(control, judgement)), None)


def read(file: Path, today: date, controls: Iterable[Control] = CONTROLS) -> Waivers:
    """Return the waivers of a file as of a day; never raises, for a broken file waives nothing."""
    form = "See the head of policies/waivers.yaml for the form."
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Waivers()
    except (OSError, ValueError, yaml.YAMLError):
        return Waivers(void=(Void(file.name, "cannot be read, so that nothing is waived", form),))
    entries = content.get("waivers") if isinstance(content, dict) and set(content) == {"waivers"} else None
    if not isinstance(entries, list):
        return Waivers(void=(Void(file.name, "is no list under `waivers`, so that nothing is waived", form),))
    known = {spelling: control for control in controls for spelling in (control.id, control.name)}
    copies = Counter(_reason(entry) for entry in entries)
    active: list[Waiver] = []
    expired: list[Waiver] = []
    void: list[Void] = []
    for number, entry in enumerate(entries, 1):
        where = f"{file.name}, entry {number}"
        problem = _problem(entry, known, today, copies)
        if problem is not None:
            void.append(Void(where, *problem))
            continue
        waiver = _waiver(entry, known)
        (active if waiver.expires >= today else expired).append(waiver)
    return Waivers(tuple(active), tuple(expired), tuple(void))


def _waiver(entry: Mapping[str, Any], known: Mapping[str, Control]) -> Waiver:
    return Waiver(
        control=known[entry["control"]].id,
        urn=entry["urn"],
        finding=_spaced(entry["finding"]),
        reason=_spaced(entry["reason"]),
        owner=entry["owner"].strip(),
        ticket=entry["ticket"],
        expires=entry["expires"],
        approver=entry.get("approver", ""),
    )


def _problem(
    entry: object, known: Mapping[str, Control], today: date, copies: Mapping[str, int]
) -> tuple[str, str] | None:
    if not isinstance(entry, dict):
        return "is no mapping", "Give it the fields control, urn, finding, reason, owner, ticket, expires."
    unknown = sorted(str(key) for key in entry if key not in (*_FIELDS, "approver"))
    if unknown:
        return f"has {', '.join(unknown)}, which means nothing", f"Fields: {', '.join(_FIELDS)}, approver."
    for name in (*_FIELDS, *(["approver"] if "approver" in entry else [])):
        if name != "expires" and not (isinstance(entry.get(name), str) and entry[name].strip()):
            return f"has no {name}", f"Give {name} as text."
    return (
        _scope_problem(entry, known)
        or _reason_problem(entry, copies)
        or _time_problem(entry.get("expires"), today)
        or _approval_problem(entry, known[entry["control"]])
    )


def _scope_problem(entry: Mapping[str, Any], known: Mapping[str, Control]) -> tuple[str, str] | None:
    if entry["control"] not in known:
        return (
            f"names '{entry['control']}', which is no control",
            "Use the id or name of the finding's control.",
        )
    head, _, name = entry["urn"].rpartition("::")
    if not head or not name.strip("*?[]!"):
        return f"covers '{entry['urn']}', which is every resource", "End the URN with the resource's name."
    return None


def _reason_problem(entry: Mapping[str, Any], copies: Mapping[str, int]) -> tuple[str, str] | None:
    if len(_spaced(entry["reason"])) < _SHORTEST_REASON:
        return f"has a reason shorter than {_SHORTEST_REASON} characters", "Say why this is safe meanwhile."
    if copies[_reason(entry)] > 1:
        return "has the reason of another waiver", "Say why this very resource may break the control."
    if not _TICKET.fullmatch(entry["ticket"]):
        return f"has the ticket '{entry['ticket']}'", "Give it as LAKE-12, #12 or an https address."
    return None


def _time_problem(expires: object, today: date) -> tuple[str, str] | None:
    if not isinstance(expires, date) or isinstance(expires, datetime):
        return "has no day in expires", "Give the last day it holds as YYYY-MM-DD, without quotes."
    if expires > today + LONGEST:
        return f"lasts until {expires}", f"{LONGEST.days} days from today are the most: {today + LONGEST}."
    return None


def _approval_problem(entry: Mapping[str, Any], control: Control) -> tuple[str, str] | None:
    if control.severity is not Severity.CRITICAL:
        return None
    approver = str(entry.get("approver", "")).strip()
    if not approver or approver.casefold() == entry["owner"].strip().casefold():
        return "waives a critical control on one person's word", "Name a second person as approver."
    return None


def _reason(entry: object) -> str:
    reason = entry.get("reason") if isinstance(entry, dict) else None
    return _spaced(reason).casefold() if isinstance(reason, str) else ""


def _spaced(text: str) -> str:
    return " ".join(text.split())
