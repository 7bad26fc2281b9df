"""Holds a PostgreSQL server: `python -P -m local.warehouse FOLDER`, until its standard input ends.

Prints one line of JSON when the server answers: {"sockets": FOLDER}, or {"error": MESSAGE}. Whoever started
it may die in any way: the end of the pipe stops the server.
"""

import json
import os
import signal
import sys
from pathlib import Path

from etl.errors import DataLakeError
from local.warehouse.server import Server


def hold(folder: Path) -> int:
    """Start the server, wait for the end of standard input, stop it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os.close(0))
    server = Server(folder)
    try:
        server.start()
        print(json.dumps({"sockets": str(server.sockets)}), flush=True)
        while os.read(0, 4096):
            pass
    except DataLakeError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return 1
    except OSError:
        return 0
    finally:
        server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(hold(Path(sys.argv[1])))
