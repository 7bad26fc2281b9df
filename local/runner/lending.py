"""What Lake Formation lends a crawler: one table of the catalog, registered, granted to the crawler's role.

https://docs.aws.amazon.com/glue/latest/dg/crawler-lf-integ.html
https://docs.aws.amazon.com/glue/latest/dg/error-crawler-config-lf.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from local.athena.catalog import Table
from local.athena.errors import QueryError
from local.athena.governance import Reader
from local.aws import Cloud
from local.runner.errors import RunnerError


def lends(crawler: Mapping[str, Any]) -> bool:
    """Whether a crawler reads with Lake Formation's credentials, not its role's own."""
    configuration = crawler.get("LakeFormationConfiguration") or {}
    return bool(configuration.get("UseLakeFormationCredentials"))


def require(cloud: Cloud, crawler: Mapping[str, Any], tables: Sequence[Table]) -> None:
    """Refuse a crawl for which Lake Formation would lend nothing.

    Args:
        cloud: The emulator.
        crawler: The crawler as `GetCrawler` answers; one without Lake Formation's credentials needs nothing.
        tables: The tables it targets.

    Raises:
        RunnerError: It targets several tables of the catalog, or its role may not read one of them.

    """
    if not lends(crawler):
        return
    name = crawler["Name"]
    targets = (crawler.get("Targets") or {}).get("CatalogTargets") or []
    named = sum(len(target.get("Tables") or []) for target in targets)
    if max(named, len(targets)) > 1:
        raise RunnerError(
            f"crawler {name} targets {named} tables of the catalog, of which Lake Formation lends it one",
            where=f"glue crawler {name}, catalog targets",
            fix="give each table a crawler of its own",
        )
    try:
        reader = Reader(cloud, crawler["Role"].rsplit("/", 1)[-1])
        for table in tables:
            reader(table)
    except QueryError as refused:
        raise RunnerError(
            f"crawler {name} is lent nothing by Lake Formation: {refused.what}",
            where=f"glue crawler {name}",
            fix="register the table's location and let the crawler's role have glue:GetTable,"
            " lakeformation:GetDataAccess and the grant SELECT on the table",
        ) from refused
