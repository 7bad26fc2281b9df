"""What people write for a stack, read together: its settings, and who may read what."""

from collections.abc import Mapping, Sequence

from components import access_matrix, settings
from components.access_matrix import AccessMatrix, AccessMatrixError
from components.settings import Settings, SettingsError
from etl.catalog import Table, Zone
from etl.errors import DataLakeError


class InputsError(DataLakeError):
    """Several files cannot be used; the message holds every reason of each."""


def read(tables: Mapping[Zone, Sequence[Table]]) -> tuple[Settings, AccessMatrix]:
    """Return settings and access matrix, the latter checked against the contracts' `tables`.

    Raises:
        SettingsError, AccessMatrixError: one of them cannot be used.
        InputsError: neither can.

    """
    faults: list[DataLakeError] = []
    try:
        given = settings.load()
    except SettingsError as error:
        faults.append(error)
    try:
        matrix = access_matrix.load(tables)
    except AccessMatrixError as error:
        faults.append(error)
    if len(faults) > 1:
        raise InputsError("\n".join(map(str, faults)))
    if faults:
        raise faults[0]
    return given, matrix
