"""Events of failed and late steps: the patterns of the rules that send them to the topic of alerts."""

from typing import Any

from components.names import Names
from components.pipeline_plan import CRAWLERS, JOBS
from components.recovery_policies import BACKUP

Pattern = dict[str, Any]


def step_rules(names: Names) -> dict[str, tuple[str, Pattern]]:
    """Return description and event pattern of each rule, by subject.

    https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html
    """
    jobs = [names.shared(job) for job in (*(job.name for job in JOBS), BACKUP)]
    crawlers = [names.shared(crawler.name) for crawler in CRAWLERS]
    databases = [names.database(zone) for zone in ("raw", "processed", "curated")]
    return {
        "job-failed": (
            "A Glue job failed, ran out of time or was stopped",
            _glue(
                "Glue Job State Change",
                {"jobName": jobs, "state": ["FAILED", "TIMEOUT", "ERROR", "STOPPED", "EXPIRED"]},
            ),
        ),
        "job-late": (
            "A Glue job runs longer than its delay_alert_minutes",
            _glue("Glue Job Run Status", {"jobName": jobs}),
        ),
        "crawler-failed": (
            "A crawler failed",
            _glue("Glue Crawler State Change", {"crawlerName": crawlers, "state": ["Failed"]}),
        ),
        "table-deleted": (
            "A table of the lake was deleted from the catalog",
            _glue(
                "Glue Data Catalog Database State Change",
                {"databaseName": databases, "typeOfChange": ["DeleteTable", "BatchDeleteTable"]},
            ),
        ),
    }


def _glue(kind: str, detail: dict[str, Any]) -> Pattern:
    return {"source": ["aws.glue"], "detail-type": [kind], "detail": detail}
