"""The stand-in for Glue's workflow engine: it walks what was deployed, read back from the emulator."""

from local.runner.report import CrawlDrift, NodeReport, TriggerReport, WorkflowReport
from local.runner.run import run_pending, start

__all__ = ["CrawlDrift", "NodeReport", "TriggerReport", "WorkflowReport", "run_pending", "start"]
