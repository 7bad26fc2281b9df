"""AWS Glue crawlers: every field echoed, updates, and crawls whose course the runner states."""

from __future__ import annotations

from typing import Any

from moto.core.responses import EmptyResult
from moto.core.utils import utcnow
from moto.glue.exceptions import CrawlerRunningException
from moto.glue.models import FakeCrawl, FakeCrawler, GlueBackend
from moto.glue.responses import GlueResponse

from local.emulator.gaps.extend import add, replace
from local.emulator.gaps.glue_catalog import forget_tags

_FIELDS = {
    "Role": "role",
    "DatabaseName": "database_name",
    "Description": "description",
    "Targets": "targets",
    "Schedule": "schedule",
    "Classifiers": "classifiers",
    "TablePrefix": "table_prefix",
    "SchemaChangePolicy": "schema_change_policy",
    "RecrawlPolicy": "recrawl_policy",
    "LineageConfiguration": "lineage_configuration",
    "LakeFormationConfiguration": "lake_formation_configuration",
    "Configuration": "configuration",
    "CrawlerSecurityConfiguration": "crawler_security_configuration",
}
# What AWS answers where nothing was given.
_DEFAULTS: dict[str, Any] = {
    "classifiers": [],
    "schema_change_policy": {
        "UpdateBehavior": "UPDATE_IN_DATABASE",
        "DeleteBehavior": "DEPRECATE_IN_DATABASE",
    },
    "recrawl_policy": {"RecrawlBehavior": "CRAWL_EVERYTHING"},
    "lineage_configuration": {"CrawlerLineageSettings": "DISABLE"},
    "lake_formation_configuration": {"UseLakeFormationCredentials": False, "AccountId": ""},
}
# A crawl's own words for its end, as ListCrawls and as GetCrawler's LastCrawl put it.
_CRAWL_STATES = {"SUCCEEDED": "COMPLETED", "FAILED": "FAILED", "CANCELLED": "STOPPED"}


def update_crawler(self: Any) -> EmptyResult:
    """Changes the fields given; a crawler that runs is refused."""
    crawler = self.glue_backend.get_crawler(self._get_param("Name"))
    _refuse_while_running(crawler)
    for field, attribute in _FIELDS.items():
        if field in self.parameters:
            setattr(crawler, attribute, self.parameters[field])
    _fill(crawler)
    crawler.version += 1
    crawler.last_updated = utcnow()
    return EmptyResult()


def set_course(crawler: Any, state: str, last_crawl: dict[str, Any] | None) -> None:
    """Puts a crawler into READY, RUNNING or STOPPING; `last_crawl` says how the crawl ended."""
    running = bool(crawler.crawls) and crawler.crawls[-1].status in ("RUNNING", "STOPPING")
    if state == "RUNNING" and not running:
        crawler.start_crawler()
    elif state == "STOPPING" and running:
        crawler.crawls[-1].status = "STOPPING"
    elif state == "READY" and (running or last_crawl):
        if not running:
            crawler.start_crawler()
        crawl = crawler.crawls[-1]
        crawl.outcome = {"status": "SUCCEEDED", **(last_crawl or {})}
        crawl.status = _CRAWL_STATES.get(crawl.outcome["status"], "FAILED")
        crawl.end_time = utcnow()
        crawler.crawl_elapsed_time = int((crawl.end_time - crawl.start_time).total_seconds() * 1000)


def _fill(crawler: Any) -> None:
    for attribute, default in _DEFAULTS.items():
        if not getattr(crawler, attribute, None):
            setattr(crawler, attribute, default)


def _refuse_while_running(crawler: Any) -> None:
    if crawler.status == "RUNNING":
        raise CrawlerRunningException(f"Crawler with name {crawler.name} has already started")


def _last_crawl(crawler: Any) -> dict[str, Any] | None:
    ended = [crawl for crawl in crawler.crawls if crawl.end_time]
    if not ended:
        return None
    crawl = ended[-1]
    answer = {
        "Status": crawl.outcome["status"],
        "LogGroup": crawl.log_group,
        "LogStream": crawl.log_stream,
        "MessagePrefix": crawl.message_prefix,
        "StartTime": crawl.start_time,
    }
    return answer | _said(crawl, "ErrorMessage")


def _said(crawl: Any, field: str) -> dict[str, str]:
    """Returns a crawl's message if `field` is where AWS puts it: Summary after success, else ErrorMessage."""
    outcome = getattr(crawl, "outcome", {})
    wanted = "Summary" if outcome.get("status") == "SUCCEEDED" else "ErrorMessage"
    return {field: outcome["message"]} if outcome.get("message") and field == wanted else {}


def install() -> None:
    """Extends moto's Glue."""

    def create_crawler(self: Any) -> EmptyResult:
        create(self)
        crawler = self.glue_backend.crawlers[self.parameters["Name"]]
        crawler.lake_formation_configuration = self.parameters.get("LakeFormationConfiguration")
        _fill(crawler)
        return EmptyResult()

    def crawler_as_dict(self: Any) -> dict[str, Any]:
        answer: dict[str, Any] = as_dict(self)
        answer["LakeFormationConfiguration"] = self.lake_formation_configuration
        answer.pop("LastCrawl", None)
        last = _last_crawl(self)
        return {**answer, "LastCrawl": last} if last else answer

    def crawl_as_dict(self: Any) -> dict[str, Any]:
        answer: dict[str, Any] = crawl_dict(self)
        answer["DPUHour"] = 0
        return answer | _said(self, "ErrorMessage") | _said(self, "Summary")

    def delete_crawler(self: Any, name: str) -> None:
        crawler = self.get_crawler(name)
        _refuse_while_running(crawler)
        delete(self, name)
        forget_tags(self, crawler.arn)

    add(GlueResponse, update_crawler)
    create = replace(GlueResponse, "create_crawler", create_crawler)
    as_dict = replace(FakeCrawler, "as_dict", crawler_as_dict)
    crawl_dict = replace(FakeCrawl, "as_dict", crawl_as_dict)
    delete = replace(GlueBackend, "delete_crawler", delete_crawler)
