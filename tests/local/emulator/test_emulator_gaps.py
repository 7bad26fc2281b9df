"""moto is still the one that our handlers were written for.

Each replaced function of moto is pinned by the digest of its source. After an upgrade of moto this fails
and names the handlers to compare with what moto has become; then write the new digests with

    .venv/bin/python -m tests.local.emulator.test_emulator_gaps
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

PINS = Path(__file__).with_name("moto_pins.json")
ROOT = Path(__file__).resolve().parents[3]
DIGESTS = """
import hashlib, json
from local.emulator import gaps
from local.emulator.gaps import extend
gaps.install()
for service in gaps.LATER:
    gaps.prepare(service)
sources = {place: extend.source(original) for place, original in extend.REPLACED.items()}
print(json.dumps({place: hashlib.sha256(text.encode()).hexdigest()[:16] for place, text in sources.items()}))
"""


def digests() -> dict[str, str]:
    """Install the handlers in a process of their own and return the digests of what they replaced."""
    done = subprocess.run(
        [sys.executable, "-c", DIGESTS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_every_function_of_moto_that_we_replace_is_the_one_we_know() -> None:
    pinned, found = json.loads(PINS.read_text()), digests()
    changed = sorted(place for place in pinned.keys() & found.keys() if pinned[place] != found[place])
    assert changed == [], f"moto changed; compare our handlers of {', '.join(changed)}"
    assert sorted(found) == sorted(pinned), "handlers came or went: write the pins anew"


def test_an_operation_that_moto_gained_is_not_hidden() -> None:
    code = """
from moto.glue.responses import GlueResponse
GlueResponse.update_crawler = lambda self: None
from local.emulator import gaps
gaps.install()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "moto now has GlueResponse.update_crawler itself" in done.stderr
    assert "local.emulator.gaps.glue_crawlers.update_crawler" in done.stderr


def test_a_function_that_moto_lost_is_named() -> None:
    code = """
from moto.glue.models import FakeCrawler
del FakeCrawler.as_dict
from local.emulator import gaps
gaps.install()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "moto no longer has moto.glue.models.FakeCrawler.as_dict" in done.stderr


@pytest.mark.parametrize("place", ["moto.s3.notifications._send_event_bridge_message"])
def test_pins_cover_functions_of_modules_too(place: str) -> None:
    assert len(json.loads(PINS.read_text())[place]) == len(hashlib.sha256().hexdigest()[:16])


if __name__ == "__main__":
    PINS.write_text(json.dumps(digests(), indent=1, sort_keys=True) + "\n")
