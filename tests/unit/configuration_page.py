"""Writes docs/configuration.md from the schema of the settings: `python -m tests.unit.configuration_page`."""

import json
from dataclasses import MISSING
from pathlib import Path

from components.schema import Key, describe
from components.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
HEAD = """# Configuration

Every key of a stack's configuration, generated from `components/settings.py`
(`python -m tests.unit.configuration_page`). Keys are prefixed with `energy-trading-datalake:` in
`Pulumi.<stack>.yaml`; a dotted key is a key inside an object, and a stack may give part of an object. Beside
these, `aws:region` and `aws:allowedAccountIds` (exactly the `account_id`) are required; endpoint overrides
of the `aws` provider are accepted on the stack `local` only. All errors are reported at once, before any
resource is touched.
"""


def render() -> str:
    """Return the page: a table a top-level key."""
    sections: dict[str, list[Key]] = {}
    for key in describe(Settings):
        sections.setdefault(key.path.partition(".")[0], []).append(key)
    plain = [keys[0] for keys in sections.values() if len(keys) == 1]
    parts = [HEAD, _table("General", plain)]
    for keys in sections.values():
        if len(keys) > 1:
            parts.append(_table(keys[0].path, keys[1:], keys[0].description))
    return "\n".join(parts)


def _table(title: str, keys: list[Key], description: str = "") -> str:
    lines = [f"## {title}", ""]
    if description:
        lines += [f"{description}.", ""]
    lines += ["| key | type | default | allowed | meaning |", "|---|---|---|---|---|"]
    for key in keys:
        if key.kind == "object":
            continue
        default = "required" if key.default is MISSING else f"`{json.dumps(key.default, ensure_ascii=False)}`"
        allowed = (key.allowed or "").replace("|", "\\|")
        lines.append(f"| `{key.path}` | {key.kind} | {default} | {allowed} | {key.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
