"""What a resource cannot work without: settings that AWS refuses it without, or that nothing happens without.

Sources: the API reference of each service; where the provider takes the resource all the same, the call fails
during the deployment, or the resource does nothing.
"""

from __future__ import annotations

from policies.graph.kinds import Kind

# Kind → groups of properties (dotted; lists are entered), of which each group needs one that is set.
REQUIRED: dict[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.BUCKET_NOTIFICATION: (("bucket",),),
    Kind.BUCKET_OBJECT: (("bucket",),),
    Kind.BUCKET_LOGGING: (("bucket",), ("targetBucket",)),
    Kind.BUCKET_LIFECYCLE: (("bucket",), ("rules.status",)),
    Kind.BUCKET_REPLICATION: (
        ("bucket",),
        ("role",),
        ("rules.status",),
        ("rules.destination.bucket",),
    ),
    Kind.KMS_ALIAS: (("name", "namePrefix"), ("targetKeyId",)),
    Kind.ROLE_POLICY: (("role",), ("policy",)),
    Kind.GLUE_JOB: (("roleArn",), ("command.scriptLocation",)),
    Kind.GLUE_CRAWLER: (
        ("role",),
        ("s3Targets", "catalogTargets", "jdbcTargets", "deltaTargets", "icebergTargets", "dynamodbTargets",
         "hudiTargets", "mongodbTargets"),
    ),
    Kind.GLUE_TRIGGER: (("type",), ("actions.jobName", "actions.crawlerName")),
    Kind.GLUE_CONNECTION: (
        ("connectionProperties.JDBC_CONNECTION_URL", "connectionProperties.KAFKA_BOOTSTRAP_SERVERS",
         "connectionProperties.CONNECTION_URL", "connectionProperties.HOST", "connectionProperties.SECRET_ID",
         "physicalConnectionRequirements"),
    ),
    Kind.GLUE_TABLE: (
        ("databaseName",),
        # Views, links to tables of others and open formats lie elsewhere, or nowhere.
        ("storageDescriptor.location", "viewOriginalText", "viewDefinition", "targetTable",
         "openTableFormatInput"),
    ),
    Kind.LF_LOCATION: (("arn",),),
    Kind.LF_PERMISSIONS: (
        ("principal",),
        ("permissions",),
        ("database.name", "table.databaseName", "tableWithColumns.databaseName", "dataLocation.arn",
         "dataCellsFilter.databaseName", "lfTag.key", "lfTagPolicy.resourceType", "catalogResource"),
    ),
    Kind.LF_CELLS_FILTER: (
        ("tableData.databaseName",),
        ("tableData.tableName",),
        ("tableData.name",),
        ("tableData.tableCatalogId",),
    ),
    Kind.EVENT_RULE: (("eventPattern", "scheduleExpression"),),
    Kind.EVENT_TARGET: (("rule",), ("arn",)),
    Kind.SCHEDULE: (("target.arn",), ("target.roleArn",), ("scheduleExpression",)),
    Kind.TOPIC_SUBSCRIPTION: (("topic",), ("protocol",), ("endpoint",)),
    Kind.TOPIC_POLICY: (("arn",), ("policy",)),
    Kind.QUEUE_POLICY: (("queueUrl",), ("policy",)),
    Kind.TRAIL: (("s3BucketName",),),
    Kind.ANOMALY_SUBSCRIPTION: (("monitorArnLists",), ("subscribers.address",)),
    Kind.SECURITY_GROUP: (("vpcId",),),
    Kind.SUBNET: (("vpcId",), ("availabilityZone", "availabilityZoneId")),
    Kind.ROUTE_TABLE_ASSOCIATION: (("routeTableId",), ("subnetId", "gatewayId")),
    Kind.SECURITY_GROUP_INGRESS: (
        ("securityGroupId",),
        ("ipProtocol",),
        ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"),
    ),
    Kind.SECURITY_GROUP_EGRESS: (
        ("securityGroupId",),
        ("ipProtocol",),
        ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId"),
    ),
    Kind.VPC_ENDPOINT: (("vpcId",), ("serviceName",)),
    Kind.FLOW_LOG: (("logDestination", "logGroupName"),),
    Kind.REDSHIFT_PARAMETER_GROUP: (("parameters.name",), ("parameters.value",)),
    Kind.REDSHIFT_SUBNET_GROUP: (("subnetIds",),),
    Kind.REDSHIFT_SNAPSHOT_COPY: (("clusterIdentifier",), ("destinationRegion",)),
    Kind.REDSHIFT_LOGGING: (("clusterIdentifier",), ("bucketName", "logExports")),
    Kind.QUICKSIGHT_DATA_SOURCE: (("dataSourceId",), ("parameters",)),
    Kind.QUICKSIGHT_VPC_CONNECTION: (("subnetIds",), ("securityGroupIds",), ("roleArn",)),
    Kind.BUDGET: (("limitAmount", "autoAdjustData", "plannedLimits"), ("timeUnit",), ("budgetType",)),
}  # fmt: skip

_INLINE_RULE = (
    ("protocol",),
    ("fromPort",),
    ("toPort",),
    ("cidrBlocks", "ipv6CidrBlocks", "prefixListIds", "securityGroups", "self"),
)

# Blocks of which every element needs all of these, where the block is there at all.
EACH: dict[Kind, tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]] = {
    Kind.BUCKET_REPLICATION: (("rules", (("status",), ("destination.bucket",))),),
    Kind.BUCKET_LIFECYCLE: (("rules", (("status",),)),),
    Kind.GLUE_CRAWLER: (("catalogTargets", (("databaseName",), ("tables",))),),
    Kind.GLUE_TRIGGER: (
        ("actions", (("jobName", "crawlerName"),)),
        ("predicate.conditions", (("jobName", "crawlerName"),)),
    ),
    Kind.TRAIL: (
        ("advancedEventSelectors", (("fieldSelectors",),)),
        (
            "advancedEventSelectors.fieldSelectors",
            (
                ("field",),
                ("equals", "startsWiths", "endsWiths", "notEquals", "notStartsWiths", "notEndsWiths"),
            ),
        ),
    ),
    Kind.LF_PERMISSIONS: (
        ("dataCellsFilter", (("databaseName",), ("tableName",), ("name",), ("tableCatalogId",))),
        ("table", (("databaseName",), ("name", "wildcard"))),
    ),
    Kind.QUICKSIGHT_ASSET: (("permissions", (("principal",), ("actions",))),),
    Kind.QUICKSIGHT_DATA_SOURCE: (
        ("permissions", (("principal",), ("actions",))),
        ("parameters", (("athena", "redshift", "rds", "aurora", "auroraPostgresql", "postgresql", "mysql",
                         "mariaDb", "sqlServer", "oracle", "s3", "snowflake", "spark", "presto",
                         "teradata"),)),
        ("parameters.redshift", (("clusterId", "host"), ("database",))),
        ("parameters.athena", (("workGroup",),)),
    ),
    Kind.REDSHIFT_PARAMETER_GROUP: (("parameters", (("name",), ("value",))),),
    Kind.SECURITY_GROUP: tuple((side, _INLINE_RULE) for side in ("ingress", "egress")),
}  # fmt: skip

# Where a property has one of these values, or none (`None`), these are needed as well.
_CLOUDWATCH = "cloud-watch-logs"
WHERE: dict[Kind, tuple[tuple[str, tuple[str | None, ...], tuple[str, ...]], ...]] = {
    Kind.FLOW_LOG: (("logDestinationType", (_CLOUDWATCH, None), ("iamRoleArn",)),),
    Kind.SECURITY_GROUP_INGRESS: (("ipProtocol", ("tcp", "udp"), ("fromPort", "toPort")),),
    Kind.SECURITY_GROUP_EGRESS: (("ipProtocol", ("tcp", "udp"), ("fromPort", "toPort")),),
    Kind.GLUE_CONNECTION: (
        ("connectionType", ("JDBC", None), ("connectionProperties.JDBC_CONNECTION_URL",)),
    ),
    Kind.REDSHIFT_LOGGING: (("logDestinationType", ("s3", None), ("bucketName",)),),
}
