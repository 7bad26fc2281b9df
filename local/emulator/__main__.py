"""Entry of the embedded AWS's own process: `python -P -m local.emulator ROOT STACK`."""

import contextlib
import os
import sys
from pathlib import Path

with contextlib.suppress(OSError):
    os.setsid()  # a Ctrl-C meant for the command that started us does not reach us

from local.emulator.server import serve

if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
