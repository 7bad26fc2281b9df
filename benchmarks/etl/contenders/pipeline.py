"""The pipeline itself, raw to processed, as its job runs it on one machine.

Usage: python -m benchmarks.etl.contenders.pipeline RAW OUT. OUT becomes a lake with RAW as its raw zone.
"""

import os
import shutil
import sys
from pathlib import Path

from etl import processed
from etl.market import Market
from etl.store import FolderStore


def main(raw: Path, out: Path) -> int:
    """Judge and publish everything that was delivered and is not published yet."""
    if not (out / "raw").exists():
        shutil.copytree(raw, out / "raw", copy_function=os.link)
    return processed.run(FolderStore(out), Market()).exit_code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
