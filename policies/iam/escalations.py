"""Sets of actions that together make more of a principal than it was given.

Sources: the classic list of Rhino Security Labs, pathfinding.cloud, and what a data lake adds to them: its
own governance, its keys, its code, its trail.
"""

from __future__ import annotations

from typing import NamedTuple


class Escalation(NamedTuple):
    """A way up: its name, the actions it takes, all of them needed, what it leads to."""

    name: str
    actions: tuple[str, ...]
    leads_to: str


_PASS = "iam:PassRole"
_OWN_POLICY = "any permission it writes for itself"
_OTHER_USER = "the permissions of another user"
_PASSED = "the permissions of the role that it passes"
_PUBLIC = "a bucket open to others"
_UNSEEN = "an unrecorded account"


def _alone(leads_to: str, *actions: str) -> tuple[Escalation, ...]:
    """Return ways that take one action each, by whose name they are called."""
    return tuple(Escalation(action.partition(":")[2], (action,), leads_to) for action in actions)


def _passing(name: str, *others: tuple[str, ...]) -> tuple[Escalation, ...]:
    """Return ways that pass a role to something that then acts for whoever passed it."""
    return tuple(Escalation(name, (_PASS, *actions), _PASSED) for actions in others)


_IDENTITIES = (
    *_alone(
        _OWN_POLICY,
        "iam:CreatePolicyVersion",
        "iam:SetDefaultPolicyVersion",
        "iam:AttachUserPolicy",
        "iam:AttachGroupPolicy",
        "iam:AttachRolePolicy",
        "iam:PutUserPolicy",
        "iam:PutGroupPolicy",
        "iam:PutRolePolicy",
        "iam:AddUserToGroup",
        "sso:AttachManagedPolicyToPermissionSet",
        "sso:PutInlinePolicyToPermissionSet",
    ),
    *_alone(
        "what a boundary or a denial keeps from it",
        "iam:DeleteRolePermissionsBoundary",
        "iam:DeleteUserPermissionsBoundary",
        "iam:PutRolePermissionsBoundary",
        "iam:PutUserPermissionsBoundary",
        "iam:DeleteRolePolicy",
        "iam:DeleteUserPolicy",
        "iam:DetachRolePolicy",
        "iam:DetachUserPolicy",
    ),
    *_alone(
        _OTHER_USER,
        "iam:CreateAccessKey",
        "iam:CreateLoginProfile",
        "iam:UpdateLoginProfile",
        "iam:CreateServiceSpecificCredential",
        "iam:ResetServiceSpecificCredential",
        "sso:CreateAccountAssignment",
    ),
    *_alone("any role that it makes trust it", "iam:UpdateAssumeRolePolicy"),
    *_alone(
        "any role that trusts the provider",
        "iam:UpdateSAMLProvider",
        "iam:AddClientIDToOpenIDConnectProvider",
        "iam:UpdateOpenIDConnectProviderThumbprint",
    ),
)

_COMPUTE = (
    *_passing(
        "EC2 with a role",
        ("ec2:RunInstances",),
        ("ec2:RequestSpotInstances",),
        ("ec2:AssociateIamInstanceProfile",),
        ("ec2:ReplaceIamInstanceProfileAssociation",),
        ("autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
    ),
    *_alone("the role of an instance", "ssm:SendCommand", "ec2-instance-connect:SendSSHPublicKey"),
    *_passing("function with a role", ("lambda:CreateFunction", "lambda:InvokeFunction")),
    *_passing(
        "function with a role, by events", ("lambda:CreateFunction", "lambda:CreateEventSourceMapping")
    ),
    *_passing("function open to others", ("lambda:CreateFunction", "lambda:AddPermission")),
    Escalation("code of a function", ("lambda:UpdateFunctionCode",), "the function's role"),
    Escalation("layers of a function", ("lambda:UpdateFunctionConfiguration",), "the function's role"),
    *_passing(
        "CloudFormation with a role",
        ("cloudformation:CreateStack",),
        ("cloudformation:UpdateStack",),
        ("cloudformation:CreateStackSet", "cloudformation:CreateStackInstances"),
        ("cloudformation:UpdateStackSet",),
    ),
    Escalation(
        "CloudFormation change set",
        ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
        "its role",
    ),
    *_passing("pipeline with a role", ("datapipeline:CreatePipeline",)),
    *_passing(
        "build with a role",
        ("codebuild:CreateProject", "codebuild:StartBuild"),
        ("codebuild:CreateProject", "codebuild:StartBuildBatch"),
        ("codebuild:UpdateProject", "codebuild:StartBuild"),
        ("codebuild:UpdateProject", "codebuild:StartBuildBatch"),
    ),
    *_passing(
        "notebook or job of SageMaker with a role",
        ("sagemaker:CreateNotebookInstance",),
        ("sagemaker:CreateTrainingJob",),
        ("sagemaker:CreateProcessingJob",),
    ),
    *_alone("the role of a notebook", "sagemaker:CreatePresignedNotebookInstanceUrl"),
    *_passing(
        "state machine with a role",
        ("states:CreateStateMachine", "states:StartExecution"),
        ("states:UpdateStateMachine", "states:StartExecution"),
    ),
    *_passing(
        "container with a role",
        ("ecs:RunTask",),
        ("ecs:StartTask",),
        ("ecs:RegisterTaskDefinition", "ecs:CreateService"),
        ("ecs:RegisterTaskDefinition", "ecs:UpdateService"),
        ("batch:RegisterJobDefinition", "batch:SubmitJob"),
    ),
    *_passing(
        "cluster of EMR with a role", ("elasticmapreduce:RunJobFlow",), ("emr-serverless:StartJobRun",)
    ),
    *_passing("schedule with a role", ("scheduler:CreateSchedule",), ("scheduler:UpdateSchedule",)),
    *_passing("event with a role", ("events:PutTargets",)),
)

_LAKE = (
    *_passing("Glue endpoint with a role", ("glue:CreateDevEndpoint",)),
    Escalation("keys of a Glue endpoint", ("glue:UpdateDevEndpoint",), "the endpoint's role"),
    *_passing("Glue session with a role", ("glue:CreateSession", "glue:RunStatement")),
    *_passing("Glue job with a role", ("glue:CreateJob", "glue:StartJobRun")),
    *_passing(
        "Glue job with a role, by trigger",
        ("glue:CreateJob", "glue:CreateTrigger"),
        ("glue:CreateJob", "glue:UpdateTrigger"),
    ),
    # Whatever starts the job next, a workflow say, runs the other code.
    *_passing("other code for a Glue job", ("glue:UpdateJob",)),
    *_passing("Glue blueprint with a role", ("glue:CreateBlueprint", "glue:StartBlueprintRun")),
    *_passing("Athena session with a role", ("athena:CreateWorkGroup", "athena:StartSession")),
    Escalation("lake settings", ("lakeformation:PutDataLakeSettings",), "the administration of the lake"),
    Escalation("lake grants", ("lakeformation:GrantPermissions",), "any table that it grants itself"),
    Escalation("lake grants, in batches", ("lakeformation:BatchGrantPermissions",), "any table"),
    Escalation("tags on tables", ("lakeformation:AddLFTagsToResource",), "any table that it tags as its own"),
    Escalation("cell filters", ("lakeformation:UpdateDataCellsFilter",), "the cells that a filter hides"),
    *_passing("location with a role", ("lakeformation:RegisterResource",), ("lakeformation:UpdateResource",)),
    Escalation("catalog policy", ("glue:PutResourcePolicy",), "the whole catalog, for anyone"),
    Escalation("key policy", ("kms:PutKeyPolicy",), "whatever the key encrypts"),
    Escalation("key grants", ("kms:CreateGrant",), "whatever the key encrypts"),
    Escalation("secret policy", ("secretsmanager:PutResourcePolicy",), "the secret, for anyone"),
    Escalation("bucket policy", ("s3:PutBucketPolicy",), "the bucket, for anyone"),
    Escalation("no bucket policy", ("s3:DeleteBucketPolicy",), "the bucket without what its policy refuses"),
    *_alone(
        _PUBLIC,
        "s3:PutBucketPublicAccessBlock",
        "s3:PutAccountPublicAccessBlock",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketAcl",
        "s3:PutAccessPointPolicy",
    ),
    Escalation("replication of a bucket", (_PASS, "s3:PutReplicationConfiguration"), "a copy elsewhere"),
    *_alone(
        "any database user",
        "redshift:GetClusterCredentials",
        "redshift:CreateClusterUser",
        "redshift-serverless:GetCredentials",
    ),
    *_passing("cluster with a role", ("redshift:ModifyClusterIamRoles",)),
    *_alone(
        "the warehouse in another account", "redshift:AuthorizeSnapshotAccess", "redshift:AuthorizeDataShare"
    ),
    *(
        Escalation("SQL with a stored secret", (action, "secretsmanager:GetSecretValue"), "SQL")
        for action in ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement")
    ),
    *_alone(
        "any data source or data set",
        "quicksight:UpdateDataSourcePermissions",
        "quicksight:UpdateDataSetPermissions",
    ),
    *_alone(
        "what groups and administrators of dashboards see",
        "quicksight:CreateAdmin",
        "quicksight:CreateGroupMembership",
        "quicksight:UpdateUser",
    ),
    *_alone("results where and how it likes", "athena:UpdateWorkGroup", "athena:CreateWorkGroup"),
    *_alone(
        _UNSEEN,
        "cloudtrail:StopLogging",
        "cloudtrail:DeleteTrail",
        "cloudtrail:UpdateTrail",
        "cloudtrail:PutEventSelectors",
        "cloudtrail:DeleteEventDataStore",
        "cloudtrail:StopEventDataStoreIngestion",
    ),
)

ESCALATIONS: tuple[Escalation, ...] = (*_IDENTITIES, *_COMPUTE, *_LAKE)

# Reads that take data out of the lake, and what brings it out of the account.
DATA_READS = (
    "s3:GetObject",
    "athena:GetQueryResults",
    "redshift-data:GetStatementResult",
    "glue:GetTable",
    "lakeformation:GetDataAccess",
    "secretsmanager:GetSecretValue",
)
EGRESS = ("s3:PutObject", "sns:Publish", "sqs:SendMessage", "kinesis:PutRecord", "lambda:InvokeFunction")

# Actions whose answer is a credential.
CREDENTIALS = (
    "ecr:GetAuthorizationToken",
    "iam:CreateAccessKey",
    "iam:CreateServiceSpecificCredential",
    "rds-db:connect",
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
)
