"""The table: every resource type the embedded provider knows, one row each."""

import difflib
import functools
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Literal

from local.provider import rows as row_package
from local.provider.errors import ProviderError
from local.provider.row import Row


@functools.cache
def rows() -> Mapping[str, Row]:
    """Return all rows by their type's token; each module of `local.provider.rows` gives its `ROWS`."""
    found: dict[str, Row] = {}
    for module in pkgutil.iter_modules(row_package.__path__):
        for row in importlib.import_module(f"{row_package.__name__}.{module.name}").ROWS:
            if row.token in found:
                raise ProviderError(
                    f"two rows for {row.token}", where=f"local/provider/rows/{module.name}.py"
                )
            found[row.token] = row
    return found


def row(token: str) -> Row:
    """Return the row of a type.

    Raises ProviderError, naming the file to edit, for a type the table does not know.
    """
    known = rows()
    if token in known:
        return known[token]
    near = difflib.get_close_matches(token, known, n=1)
    file = (
        f"local/provider/rows/{token.split(':')[1].split('/', 1)[0]}.py"
        if token.count(":") == 2
        else "a row file"
    )
    raise ProviderError(
        f"the embedded AWS does not know the type {token}"
        + (f" (the nearest it knows is {near[0]})" if near else ""),
        where=token,
        fix=f"add its row to {file} and run `python -m local.provider.introspection`",
    )


def standing(token: str) -> Literal["created", "recorded"] | None:
    """Tell how the embedded AWS treats a type: really created, only recorded in state, or not known."""
    found = rows().get(token)
    return found.standing if found else None
