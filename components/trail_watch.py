"""What the trail of API calls is watched for: patterns of CloudTrail records that raise an alert."""

from dataclasses import dataclass

from components.names import Names, Store


@dataclass(frozen=True)
class Watch:
    """One kind of record: a filter pattern, and how many in five minutes raise an alert.

    `of_account` are kinds that only the trail of the account's owner records.
    """

    name: str
    metric: str
    description: str
    pattern: str
    threshold: int
    of_account: bool


def watches(names: Names, denied_calls: int, deployer_arn: str) -> tuple[Watch, ...]:
    """Return every kind of record that is watched for; CIS AWS Foundations names most of them.

    What the deployer changes is planned and reviewed: changes by anybody else raise an alert.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
    """
    lent = '(($.eventSource = "lakeformation.amazonaws.com") || ($.eventSource = "glue.amazonaws.com"))'
    refused = '($.errorCode = "AccessDenied*") || ($.errorCode = "*UnauthorizedOperation")'
    issuer = "$.userIdentity.sessionContext.sessionIssuer.arn"
    unplanned = f'(({issuer} NOT EXISTS) || ({issuer} != "{deployer_arn}"))'
    lake = " || ".join(f'($.requestParameters.bucketName = "{names.bucket(store)}")' for store in Store)
    return (
        Watch(
            "access-denied",
            "AccessDenied",
            "Calls that IAM, a key policy or a bucket policy refused",
            f"{{ {refused} }}",
            denied_calls,
            of_account=False,
        ),
        Watch(
            "governed-access-denied",
            "GovernedAccessDenied",
            "Calls that Lake Formation or the catalog refused",
            f"{{ {lent} && ({refused}) }}",
            denied_calls,
            of_account=True,
        ),
        Watch(
            "root-use",
            "RootUse",
            "The account's root did something",
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && '
            '($.eventType != "AwsServiceEvent") }',
            1,
            of_account=True,
        ),
        Watch(
            "key-change",
            "KeyChange",
            "A key was disabled, given up or opened to others",
            _calls(
                unplanned,
                "kms.amazonaws.com",
                "DisableKey",
                "ScheduleKeyDeletion",
                "PutKeyPolicy",
                "DisableKeyRotation",
            ),
            1,
            of_account=True,
        ),
        Watch(
            "role-change",
            "RoleChange",
            "What somebody may do was changed in IAM",
            _calls(
                unplanned,
                "iam.amazonaws.com",
                "AttachRolePolicy",
                "DetachRolePolicy",
                "PutRolePolicy",
                "DeleteRolePolicy",
                "UpdateAssumeRolePolicy",
                "CreatePolicyVersion",
                "SetDefaultPolicyVersion",
                "CreateAccessKey",
            ),
            1,
            of_account=True,
        ),
        Watch(
            "grant-change",
            "GrantChange",
            "Who may read the lake was changed in Lake Formation",
            _calls(
                unplanned,
                "lakeformation.amazonaws.com",
                "GrantPermissions",
                "RevokePermissions",
                "BatchGrantPermissions",
                "BatchRevokePermissions",
                "PutDataLakeSettings",
                "DeregisterResource",
                "UpdateDataCellsFilter",
                "DeleteDataCellsFilter",
            ),
            1,
            of_account=True,
        ),
        Watch(
            "bucket-change",
            "BucketChange",
            "Policy, access block, encryption or versioning of a bucket of the lake was changed",
            '{ ($.eventSource = "s3.amazonaws.com") && (($.eventName = "PutBucket*") || '
            '($.eventName = "DeleteBucket*") || ($.eventName = "PutPublicAccessBlock")) && '
            f"({lake}) && {unplanned} }}",
            1,
            of_account=True,
        ),
        Watch(
            "trail-change",
            "TrailChange",
            "The trail itself was stopped or changed",
            _calls(
                unplanned,
                "cloudtrail.amazonaws.com",
                "StopLogging",
                "DeleteTrail",
                "UpdateTrail",
                "PutEventSelectors",
            ),
            1,
            of_account=True,
        ),
    )


def _calls(unplanned: str, source: str, *calls: str) -> str:
    wanted = " || ".join(f'($.eventName = "{call}")' for call in calls)
    return f'{{ ($.eventSource = "{source}") && ($.errorCode NOT EXISTS) && ({wanted}) && {unplanned} }}'
