"""Progress lines on standard error, one JSON object each."""

import json
import sys
import time

_started = time.monotonic()


def say(what: str, **facts: object) -> None:
    """Print one progress line: seconds since the start, what happens, and its facts."""
    line = {"seconds": round(time.monotonic() - _started, 3), "step": what, **facts}
    print(json.dumps(line, ensure_ascii=False, default=str), file=sys.stderr, flush=True)
