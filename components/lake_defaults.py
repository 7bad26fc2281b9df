"""Whether Lake Formation's defaults are really gone: AWS keeps them where an empty list means "no change".

https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
"""

from collections.abc import Iterator, Sequence
from typing import Any

EVERYBODY = ("IAM_ALLOWED_PRINCIPALS", "EVERYONE")
_DEFAULTS = ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions")


def open_doors(lakeformation: Any, glue: Any, catalog_id: str, databases: Sequence[str]) -> list[str]:
    """Return every way past the grants that is still open, as sentences; empty when there is none.

    Looks at the account's settings, at the databases' own defaults and at what is granted to everybody whom
    IAM lets in. `lakeformation` and `glue` are boto3 clients; ClientError when a database does not exist.
    """
    settings = lakeformation.get_data_lake_settings(CatalogId=catalog_id)["DataLakeSettings"]
    found = [
        f"the account's {key} still open everything new to {_names(settings.get(key))}"
        for key in _DEFAULTS
        if settings.get(key)
    ]
    for name in databases:
        database = glue.get_database(CatalogId=catalog_id, Name=name)["Database"]
        defaults = [d for d in database.get("CreateTableDefaultPermissions", ()) if d.get("Permissions")]
        if defaults:
            found.append(f"new tables of {name} are open to {_names(defaults)}")
    found += _granted(lakeformation, catalog_id, set(databases))
    return found


def close(lakeformation: Any, catalog_id: str) -> None:
    """Empty the account's default permissions by the API call itself, keeping every other setting."""
    settings = lakeformation.get_data_lake_settings(CatalogId=catalog_id)["DataLakeSettings"]
    closed = settings | {key: [] for key in _DEFAULTS}
    lakeformation.put_data_lake_settings(CatalogId=catalog_id, DataLakeSettings=closed)


def _granted(lakeformation: Any, catalog_id: str, databases: set[str]) -> Iterator[str]:
    request: dict[str, Any] = {"CatalogId": catalog_id}
    while True:
        page = lakeformation.list_permissions(**request)
        for entry in page["PrincipalResourcePermissions"]:
            who = entry["Principal"]["DataLakePrincipalIdentifier"]
            kind, resource = next(iter(entry["Resource"].items()))
            name = resource.get("DatabaseName", resource.get("Name", ""))
            if who in EVERYBODY and name in databases:
                rights = ", ".join(entry["Permissions"])
                table = f" {resource.get('Name', 'of every table')}" if "DatabaseName" in resource else ""
                yield f"{who} holds {rights} on {kind} {name}{table}"
        if "NextToken" not in page:
            return
        request["NextToken"] = page["NextToken"]


def _names(entries: Any) -> str:
    return ", ".join(sorted({entry["Principal"]["DataLakePrincipalIdentifier"] for entry in entries or ()}))
