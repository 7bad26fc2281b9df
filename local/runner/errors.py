"""Failures of the runner, in the project's one exception tree."""

from etl.errors import DataLakeError


class RunnerError(DataLakeError):
    """A deployed workflow, crawler or job that cannot run as it is."""
