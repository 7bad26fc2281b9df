"""Publishing a set of objects so that a kill at any point is repaired by the next run.

Stage everything under a run prefix → verify → write a journal (from here on the publish is decided) → copy
to the final keys → delete surplus → write the unit's manifest → write the index, which commits → delete
journal and staging. A journal found at the start is rolled forward; staging without a journal is thrown
away.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl import faults
from etl.errors import DataLakeError
from etl.lock import Lock
from etl.parallel import each
from etl.progress import say
from etl.store import Store

CHECK_SECONDS = 5.0
"""How long the lock is taken for held between two of many copies; a lease lasts many times as long."""


@dataclass(frozen=True, slots=True)
class Output:
    """One object to publish: its key and the local file with its content, or the key of such an object."""

    key: str
    path: Path | str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Area:
    """Where one writer keeps its state: `processed/_ops/` or `curated/_ops/`, and the unit's name."""

    root: str
    name: str

    @property
    def lock(self) -> str:
        """Prefix of the lock."""
        return f"{self.root}locks/{self.name}/"

    @property
    def journal(self) -> str:
        """Key of the journal of a publish that is under way."""
        return f"{self.root}journal/{self.name}.json"

    @property
    def staging(self) -> str:
        """Prefix of staged objects."""
        return f"{self.root}staging/{self.name}/"

    @property
    def index(self) -> str:
        """Key of the index: what is published, and from what."""
        return f"{self.root}manifests/{self.name}.json"

    def manifest(self, unit: str) -> str:
        """Key of the manifest of one unit."""
        return f"{self.root}manifests/{self.name}/{unit}.json"


def encode(document: Mapping[str, Any]) -> bytes:
    """Return a document as bytes that are equal for equal content."""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1).encode() + b"\n"


def digest(document: Any) -> str:
    """SHA-256 of a document of plain values."""
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_index(store: Store, area: Area) -> dict[str, Any]:
    """Return the committed index, an empty one when nothing was published yet."""
    body = store.get(area.index)
    if body is None:
        return {"units": {}, "partitions": {}}
    document: dict[str, Any] = json.loads(body)
    return document


def interrupted(store: Store, area: Area) -> bool:
    """Whether a publish was cut short and left something to finish or to throw away."""
    return store.get(area.journal) is not None or any(True for _ in store.list(area.staging))


def repair(store: Store, area: Area, lock: Lock) -> bool:
    """Finish a publish that was cut short, or throw away what was only staged; True if finished."""
    body = store.get(area.journal)
    if body is not None:
        say("finishing an interrupted publish", area=area.name)
        _roll_forward(store, area, lock, json.loads(body))
    _delete_each(store, [e.key for e in store.list(area.staging)])
    return body is not None


def publish(
    store: Store,
    area: Area,
    lock: Lock,
    *,
    run_id: str,
    outputs: Iterable[Output],
    surplus: Iterable[str],
    manifests: Mapping[str, Mapping[str, Any]],
    index: Mapping[str, Any],
) -> None:
    """Publish objects, delete surplus keys, and commit manifests (by unit) and the index."""
    faults.step("planned")

    def stage(output: Output) -> dict[str, Any]:
        name = f"{area.staging}{run_id}/{output.key}"
        place(store, output.path, name)
        faults.step("stage-object")
        return {"staged": name, "key": output.key, "sha256": output.sha256, "size": output.size}

    staged = each(stage, sorted(outputs, key=lambda o: o.key))
    faults.step("staged")
    _verify(store, area, run_id, staged)
    faults.step("verified")
    journal = {
        "run_id": run_id,
        "objects": staged,
        "surplus": sorted(surplus),
        "manifests": dict(manifests),
        "index": dict(index),
    }
    lock.ensure()
    store.put(area.journal, encode(journal))
    faults.step("journal-written")
    _roll_forward(store, area, lock, journal)


def place(store: Store, content: Path | str, key: str) -> None:
    """Put a local file, or copy the object with a key."""
    if isinstance(content, str):
        store.copy(content, key)
    else:
        store.put(key, content)


def _verify(store: Store, area: Area, run_id: str, staged: list[dict[str, Any]]) -> None:
    found = {e.key: e.size for e in store.list(f"{area.staging}{run_id}/")}
    wrong = [s["staged"] for s in staged if found.get(s["staged"]) != s["size"]]
    if wrong:
        raise DataLakeError(
            f"{len(wrong)} staged object(s) are missing or cut short.",
            where=f"{store.uri}{wrong[0]}",
            fix="Run again; nothing was published.",
        )


def _roll_forward(store: Store, area: Area, lock: Lock, journal: Mapping[str, Any]) -> None:
    def copy(item: Mapping[str, Any]) -> None:
        lock.ensure(within=CHECK_SECONDS)
        store.copy(item["staged"], item["key"])
        faults.step("copy-object")

    def note(item: tuple[str, Mapping[str, Any]]) -> None:
        unit, manifest = item
        store.put(area.manifest(unit), encode(manifest))
        faults.step("manifest-written")

    each(copy, journal["objects"])
    faults.step("copied")
    lock.ensure(within=CHECK_SECONDS)
    _delete_each(store, journal["surplus"])
    faults.step("deleted")
    each(note, sorted(journal["manifests"].items()))
    lock.ensure()
    store.put(area.index, encode(journal["index"]))
    faults.step("index-written")
    store.delete([area.journal])
    faults.step("journal-deleted")
    store.delete([item["staged"] for item in journal["objects"]])
    faults.step("staging-deleted")


def _delete_each(store: Store, keys: Iterable[str]) -> None:
    def delete(key: str) -> None:
        store.delete([key])
        faults.step("delete-object")

    each(delete, keys)
