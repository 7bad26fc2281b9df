"""Where the engine works for one stack: synced settings, state, home, passphrase; all in the clone's `.lake`.

The engine writes into the folder it works in (a stack's `encryptionsalt`), so it gets copies of the project's
files.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from local.engine.errors import EngineError

CODE = Path(__file__).resolve().parents[2]
"""The folder of the packages that the provider and the program import."""

_ENCRYPTION = ("secretsprovider", "encryptedkey", "encryptionsalt")


class Mode(StrEnum):
    """Against what a stack is deployed or planned."""

    EMBEDDED = "embedded"
    """The embedded AWS of this clone."""
    OFFLINE = "offline"
    """Nothing: a plan with no account, no credentials and a state of its own."""
    CLOUD = "cloud"
    """The real AWS, with the official provider."""


@dataclass(frozen=True)
class Workspace:
    """The folders of one stack in one mode.

    `program` holds `__main__.py`, `Pulumi.yaml` and the stacks' settings; `root` is the clone, whose `.lake`
    holds the rest.
    """

    root: Path
    program: Path
    stack: str
    mode: Mode

    @property
    def folder(self) -> Path:
        """The folder of everything below; offline plans have one of their own beside the stack's."""
        stack = self.root / ".lake" / self.stack
        return stack / "preview" if self.mode is Mode.OFFLINE else stack

    @property
    def directory(self) -> Path:
        """The engine's working directory."""
        return self.folder / "workspace"

    @property
    def state(self) -> Path:
        """The `file://` backend."""
        return self.folder / "state"

    @property
    def home(self) -> Path:
        """The engine's home: plugins and logs, instead of the user's `~/.pulumi`."""
        return self.folder / "home"

    @property
    def bin(self) -> Path:
        """The engine and the programs it looks for on PATH."""
        return self.folder / "bin"

    @property
    def project(self) -> str:
        """The project's name, from Pulumi.yaml."""
        return str(_read(self.program / "Pulumi.yaml")["name"])

    def prepare(self) -> None:
        """Make the folders and the passphrase, and bring the copies of the project's files up to date.

        Raises EngineError when the stack has no settings file.
        """
        for folder in (self.directory, self.state, self.home, self.bin):
            folder.mkdir(parents=True, exist_ok=True)
        self._keep_no_log()
        source = self.program / f"Pulumi.{self.stack}.yaml"
        if not source.is_file():
            known = sorted(path.name.split(".")[1] for path in self.program.glob("Pulumi.*.yaml"))
            raise EngineError(
                f"there is no stack {self.stack!r}",
                where=str(source),
                fix=f"use one of {', '.join(known)}, or write the stack's settings into that file",
            )
        _write(self.directory / "Pulumi.yaml", _read(self.program / "Pulumi.yaml"))
        copy = self.directory / source.name
        _write(
            copy, merged(_read(source), _read(copy) if copy.is_file() else {}, keep_encryption=self.is_cloud)
        )
        self.passphrase_file()

    def _keep_no_log(self) -> None:
        """Put a file where the engine would keep its own log, which it then does without.

        That log holds every property of every resource, and writing it is a third of the engine's work; there
        is no setting for it.
        """
        logs = self.home / "logs"
        if logs.is_dir():
            shutil.rmtree(logs)
        logs.touch()

    @property
    def is_cloud(self) -> bool:
        """Whether the stack is deployed to the real AWS."""
        return self.mode is Mode.CLOUD

    def withheld(self) -> list[str]:
        """Name the secret settings that a plan does without: only their owner can decrypt them."""
        config = _read(self.program / f"Pulumi.{self.stack}.yaml").get("config") or {}
        return [] if self.is_cloud else [key for key, value in config.items() if _is_secret(value)]

    def passphrase_file(self) -> Path:
        """Return the file of the passphrase for the state's secrets; made once, for its owner's eyes only."""
        path = self.root / ".lake" / "passphrase"
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if path.stat().st_size:
                return path
            path.unlink()
            return self.passphrase_file()
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_urlsafe(32))
        return path

    def environment(self, emulator: str | None, user: Mapping[str, str]) -> dict[str, str]:
        """Make the engine's environment from the user's.

        Nothing of the user's Pulumi is read or written. Only a cloud deployment sees the user's AWS and
        Pulumi settings: a backend or passphrase they chose is used, and no endpoint override reaches it.
        """
        kept = {
            name: value
            for name, value in user.items()
            if self.is_cloud or not name.startswith(("AWS_", "PULUMI_"))
        }
        kept = {name: value for name, value in kept.items() if not name.startswith("AWS_ENDPOINT_URL")}
        own = {
            "PULUMI_HOME": str(self.home),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
            "GOGC": "400",  # an engine lives for seconds: memory is cheaper than collecting it
            "PATH": os.pathsep.join([str(self.bin), user.get("PATH", os.defpath)]),
            "PYTHONPATH": str(CODE),
        }
        defaults = {"PULUMI_BACKEND_URL": f"file://{self.state}"}
        if "PULUMI_CONFIG_PASSPHRASE" not in kept:
            defaults["PULUMI_CONFIG_PASSPHRASE_FILE"] = str(self.passphrase_file())
        if not self.is_cloud:
            own["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
            own["AWS_EC2_METADATA_DISABLED"] = "true"
        if emulator is not None:
            own["LAKE_EMULATOR"] = emulator
        for name in ("NO_PROXY", "no_proxy"):
            own[name] = ",".join(filter(None, [user.get(name), "127.0.0.1,localhost"]))
        return {**defaults, **kept, **own}


def merged(source: Mapping[str, Any], copy: Mapping[str, Any], *, keep_encryption: bool) -> dict[str, Any]:
    """Return the settings the engine works with: the project's, with the salt that the engine wrote before.

    Without `keep_encryption` the project's key and what only it can decrypt are left out.
    """
    settings = dict(source)
    if not keep_encryption:
        settings = {name: value for name, value in settings.items() if name not in _ENCRYPTION}
        config = settings.get("config") or {}
        settings["config"] = {key: value for key, value in config.items() if not _is_secret(value)}
    if not any(name in settings for name in _ENCRYPTION) and "encryptionsalt" in copy:
        settings["encryptionsalt"] = copy["encryptionsalt"]
    return settings


def _is_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return set(value) == {"secure"} or any(map(_is_secret, value.values()))
    return isinstance(value, list) and any(map(_is_secret, value))


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise EngineError(
            f"{path.name} cannot be read: {error}", where=str(path), fix="correct the file"
        ) from error
    if content is not None and not isinstance(content, dict):
        raise EngineError(
            f"{path.name} is not a mapping of settings", where=str(path), fix="correct the file"
        )
    return content or {}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
