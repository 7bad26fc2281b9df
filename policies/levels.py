"""How strictly each control binds each stack: profiles, the stacks that hold them, Pulumi's form of both.

Usage: python -m policies.levels STACK > config.json && pulumi preview --policy-pack policies
--policy-pack-config config.json. The pack applies the same by itself when the engine names the stack.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from policies.controls.control import Control, Severity
from policies.controls.registry import CONTROLS
from policies.errors import PolicyPackError

DIRECTORY = Path(__file__).resolve().parent / "profiles"
STOP_BEFORE_CREATE = "stop-before-create"
_STACKS = "stacks"
_OWNER = "account_settings_of"
_FIX = "See the other profiles for the form."


class Level(StrEnum):
    """What a finding does to a deployment."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Setting:
    """How one control binds: its level, and whether what it cannot decide counts as a failure."""

    level: Level
    unverified_fails: bool


@dataclass(frozen=True)
class Profile:
    """The settings of every control, by its id, and the stack that makes the account's if it is another."""

    name: str
    settings: Mapping[str, Setting]
    account_settings_of: str = ""

    def of(self, control: Control) -> Setting:
        """Return how a control binds; a control that the profile has never met binds fully."""
        return self.settings.get(control.id, Setting(Level.MANDATORY, unverified_fails=True))

    def owner(self, control: Control) -> str:
        """Return the stack that makes what a control asks for; empty where that is up to the stack itself."""
        return self.account_settings_of if control.of_account else ""

    def configuration(self, controls: Iterable[Control] = CONTROLS) -> dict[str, dict[str, Any]]:
        """Return the profile as the content of a `--policy-pack-config` file."""
        chosen = tuple(controls)
        content: dict[str, dict[str, Any]] = {
            control.name: {
                "enforcementLevel": self.of(control).level.value,
                "unverified": "fail" if self.of(control).unverified_fails else "warn",
                **({"accountSettingsOf": self.owner(control)} if self.owner(control) else {}),
            }
            for control in chosen
        }
        lenient = [c.name for c in chosen if c.alone and self.of(c).level is not Level.MANDATORY]
        content[STOP_BEFORE_CREATE] = {"enforcementLevel": Level.MANDATORY.value, "skip": lenient}
        return content


def profile(name: str, controls: Iterable[Control] = CONTROLS, directory: Path = DIRECTORY) -> Profile:
    """Return a profile by name.

    Raises:
        PolicyPackError: there is no such profile, or its file says something that cannot be meant.

    """
    return _profile(name, {}, tuple(controls), directory)


def for_stack(stack: str, controls: Iterable[Control] = CONTROLS, directory: Path = DIRECTORY) -> Profile:
    """Return the profile that a stack holds, with the stack's own changes.

    Raises:
        PolicyPackError: as `profile`, and where `stacks.yaml` cannot be read.

    """
    file = directory / f"{_STACKS}.yaml"
    content = _load(file)
    _only(content, {"stacks", "default"}, file)
    named = _mapping(content.get("stacks"), file, "stacks")
    entry = _mapping(named.get(stack, content.get("default")), file, stack)
    _only(entry, {"profile", "controls", _OWNER}, file)
    changes = _mapping(entry.get("controls", {}), file, f"{stack}.controls")
    found = _profile(str(entry.get("profile")), changes, tuple(controls), directory)
    return replace(found, account_settings_of=_owner(stack, entry, named, file)) if _OWNER in entry else found


def _owner(stack: str, entry: Mapping[str, Any], named: Mapping[str, Any], file: Path) -> str:
    """Return the stack that another leaves the settings of the account to: one that makes them itself."""
    owner = entry[_OWNER]
    theirs = named.get(owner) if isinstance(owner, str) else None
    if owner == stack or not isinstance(theirs, dict) or _OWNER in theirs:
        raise PolicyPackError(
            f"{stack} leaves the settings of the account to '{owner}', which does not make them",
            file.name,
            "Name a stack of this file that makes its account's settings itself.",
        )
    return str(owner)


def names(directory: Path = DIRECTORY) -> list[str]:
    """Return the names of the profiles."""
    return sorted(file.stem for file in directory.glob("*.yaml") if file.stem != _STACKS)


def _profile(
    name: str, changes: Mapping[str, Any], controls: tuple[Control, ...], directory: Path
) -> Profile:
    file = directory / f"{name}.yaml"
    if name not in names(directory):
        raise PolicyPackError(f"there is no profile '{name}'", None, f"Known: {', '.join(names(directory))}.")
    content = _load(file)
    _only(content, {"levels", "unverified", "controls"}, file)
    by_severity = _mapping(content.get("levels"), file, "levels")
    _only(by_severity, {severity.value for severity in Severity}, file)
    base = {
        control.id: Setting(
            Level.ADVISORY if control.advisory else _level(by_severity.get(control.severity.value), file),
            unverified_fails=_fails(content.get("unverified"), file) and not control.advisory,
        )
        for control in controls
    }
    exceptions = _mapping(content.get("controls", {}), file, "controls")
    base = _changed(base, exceptions, controls, file)
    return Profile(name, _changed(base, changes, controls, directory / f"{_STACKS}.yaml"))


def _changed(
    base: Mapping[str, Setting], changes: Mapping[str, Any], controls: tuple[Control, ...], file: Path
) -> dict[str, Setting]:
    ids = {spelling: control.id for control in controls for spelling in (control.id, control.name)}
    changed: dict[str, Setting] = {}
    for key, given in changes.items():
        if key not in ids:
            raise PolicyPackError(f"there is no control '{key}'", file.name, "Use a control's id or name.")
        if ids[key] in changed:
            raise PolicyPackError(f"control '{key}' is set twice", file.name, "Keep one of id and name.")
        entry = given if isinstance(given, Mapping) else {"level": given}
        _only(entry, {"level", "unverified"}, file)
        old = base[ids[key]]
        changed[ids[key]] = Setting(
            _level(entry["level"], file) if "level" in entry else old.level,
            _fails(entry["unverified"], file) if "unverified" in entry else old.unverified_fails,
        )
    return {**base, **changed}


def _load(file: Path) -> Mapping[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise PolicyPackError("cannot be read", file.name, _FIX) from error
    return _mapping(content, file, "the file")


def _mapping(value: object, file: Path, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PolicyPackError(f"{what} is no mapping", file.name, _FIX)
    return value


def _only(content: Mapping[str, Any], known: set[str], file: Path) -> None:
    for key in content:
        if key not in known:
            raise PolicyPackError(f"'{key}' means nothing", file.name, f"Known: {', '.join(sorted(known))}.")


def _level(value: object, file: Path) -> Level:
    if value not in [level.value for level in Level]:
        raise PolicyPackError(f"'{value}' is no level", file.name, f"Levels: {', '.join(Level)}.")
    return Level(str(value))


def _fails(value: object, file: Path) -> bool:
    if value not in ("fail", "warn"):
        raise PolicyPackError(f"unverified is '{value}'", file.name, "Set it to fail or warn.")
    return value == "fail"


def main(arguments: list[str] | None = None) -> int:
    """Print the configuration of a stack or a profile as JSON."""
    parser = argparse.ArgumentParser(prog="python -m policies.levels", description=main.__doc__)
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("stack", nargs="?", help="a stack; policies/profiles/stacks.yaml has its profile")
    chosen.add_argument("--profile", choices=names())
    given = parser.parse_args(arguments)
    found = profile(given.profile) if given.profile else for_stack(given.stack)
    print(json.dumps(found.configuration(), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
