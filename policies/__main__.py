"""Start of the policy pack: it serves until it is killed."""

import importlib.util
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent

# The pack is a package called `policies` wherever its folder lies and whatever it is called there; the
# program's own folder stays off the path, so the pack cannot import what it judges.
_SPEC = importlib.util.spec_from_file_location(
    "policies", _HERE / "__init__.py", submodule_search_locations=[str(_HERE)]
)
if _SPEC is None or _SPEC.loader is None:
    raise ImportError(f"{_HERE} holds no policy pack")
if "policies" not in sys.modules:
    sys.modules["policies"] = importlib.util.module_from_spec(_SPEC)
    _SPEC.loader.exec_module(sys.modules["policies"])

from policies.host import serve  # noqa: E402

serve()
