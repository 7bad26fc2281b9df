"""The stand-in for Athena: queries in its dialect over the deployed lake, inside a deployed workgroup."""

from local.athena.access import Access, View
from local.athena.errors import QueryError
from local.athena.governance import Reader
from local.athena.query import QueryResult, execute

__all__ = ["Access", "QueryError", "QueryResult", "Reader", "View", "execute"]
