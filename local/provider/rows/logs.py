"""Metric filters, resource policies and saved queries (CloudWatch Logs)."""

from local.provider.row import Call, Name, Row

_TRANSFORMATION = {
    "metricTransformation.name": "metricName",
    "metricTransformation.namespace": "metricNamespace",
    "metricTransformation.value": "metricValue",
}

ROWS = (
    Row(
        token="aws:cloudwatch/logMetricFilter:LogMetricFilter",
        service="logs",
        id="{name}",
        keys={"filterName": "{name}", "logGroupName": "{logGroupName}"},
        name=Name(limit=512),
        create=Call("PutMetricFilter"),
        read=Call(
            "DescribeMetricFilters", {"filterNamePrefix": "{name}"}, at="metricFilters[filterName={name}]"
        ),
        update=Call("PutMetricFilter"),
        delete=Call("DeleteMetricFilter"),
        replace=("name", "logGroupName"),
        rename={"pattern": "filterPattern", **_TRANSFORMATION},
        # Numbers in text, which AWS writes its own way.
        canonical={"metricTransformation.defaultValue": float},
    ),
    Row(
        token="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        service="logs",
        id="{policyName}",
        keys={"policyName": "{policyName}"},
        create=Call("PutResourcePolicy"),
        read=Call("DescribeResourcePolicies", at="resourcePolicies[policyName={policyName}]"),
        update=Call("PutResourcePolicy"),
        delete=Call("DeleteResourcePolicy"),
        replace=("policyName",),
        rename={"resourceArn": ""},
    ),
    Row(
        token="aws:cloudwatch/queryDefinition:QueryDefinition",
        service="logs",
        id="{queryDefinitionId}",
        keys={"queryDefinitionId": "{id}"},
        name=Name(),
        create=Call("PutQueryDefinition"),
        created={"queryDefinitionId": "queryDefinitionId"},
        read=Call(
            "DescribeQueryDefinitions",
            {"queryDefinitionNamePrefix": "{name}"},
            at="queryDefinitions[queryDefinitionId={id}]",
        ),
        update=Call("PutQueryDefinition"),
        delete=Call("DeleteQueryDefinition"),
        outputs={"arn": "arn:{partition}:logs:{region}:{account}:query-definition:{id}"},
    ),
)
