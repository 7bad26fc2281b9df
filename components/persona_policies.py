"""What people may do: trust and IAM policy of each persona, pure functions of names and the matrix."""

from collections.abc import Sequence

from components.access_matrix import View
from components.iam import Document, allow, document, list_bucket, use_catalog_key, use_key, write_objects
from components.names import KeyPurpose, Names, Store

_QUERY = (
    "athena:BatchGetNamedQuery",
    "athena:BatchGetQueryExecution",
    "athena:GetNamedQuery",
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:GetWorkGroup",
    "athena:ListNamedQueries",
    "athena:ListQueryExecutions",
    "athena:StartQueryExecution",
    "athena:StopQueryExecution",
)
_BROWSE = (
    "athena:GetDataCatalog",
    "athena:GetDatabase",
    "athena:GetTableMetadata",
    "athena:ListDatabases",
    "athena:ListTableMetadata",
)
_CATALOG = (
    "glue:GetDatabase",
    "glue:GetDatabases",
    "glue:GetTable",
    "glue:GetTables",
    "glue:GetPartition",
    "glue:GetPartitions",
    "glue:BatchGetPartition",
)


def persona_trust(names: Names, persona: str) -> Document:
    """Trust those of the account's sessions that the identity provider tags as the persona's members.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html
    """
    return document(
        {
            "Sid": "AssumedByMembers",
            "Effect": "Allow",
            "Principal": {"AWS": names.iam_arn("root")},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {f"aws:PrincipalTag/{names.persona_tag(persona)}": "true"}},
        }
    )


def persona_policy(names: Names, persona: str, views: Sequence[View]) -> Document:
    """Query in the persona's own workgroup, into its own prefix, what Lake Formation lends.

    No right on the lake's bucket or key: objects are read through Lake Formation only.
    """
    prefix = [names.result_prefix(persona)]
    return document(
        allow("QueryInOwnWorkgroup", _QUERY, [names.workgroup_arn(persona)]),
        allow("BrowseCatalog", _BROWSE, [names.arn("athena", "datacatalog/AwsDataCatalog")]),
        allow("ReadCatalog", _CATALOG, _catalog(names, views)),
        *list_bucket(names, Store.RESULTS, prefix),
        *_results(names, persona),
        use_key(names, KeyPurpose.RESULTS, ["s3"], write=True),
        use_catalog_key(names),
        allow("BorrowGovernedAccess", ["lakeformation:GetDataAccess"], ["*"]),
        allow("ListWorkgroups", ["athena:ListEngineVersions", "athena:ListWorkGroups"], ["*"]),
    )


def _catalog(names: Names, views: Sequence[View]) -> list[str]:
    arns: dict[str, None] = {}
    for zone in dict.fromkeys(view.zone for view in views):
        tables = tuple(view.table for view in views if view.zone is zone)
        arns |= dict.fromkeys(names.catalog_arns(names.database(zone), tables))
    return list(arns)


def _results(names: Names, persona: str) -> list[dict[str, object]]:
    """Read and write results; nobody deletes them, the lifecycle does."""
    objects = [names.objects_arn(Store.RESULTS, names.result_prefix(persona))]
    write = write_objects(names, Store.RESULTS, [names.result_prefix(persona)])
    write["Action"] = [action for action in write["Action"] if action != "s3:DeleteObject"]
    return [allow("ReadResults", ["s3:GetObject"], objects), write]
