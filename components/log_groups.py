"""Which CloudWatch log groups the platform has, in all its components."""

from components.names import Names
from components.pipeline_plan import CRAWLERS, JOBS
from components.recovery_policies import BACKUP
from components.redshift_warehouse import log_groups as warehouse_log_groups


def encrypted_log_groups(names: Names) -> list[str]:
    """Return the names of all log groups that the LOGS key encrypts.

    The key's policy names each, so they are known before the components that make them.
    """
    return [
        *(group for job in JOBS for group in names.job_log_groups(job.name)),
        *(names.crawler_log_group(crawler.name) for crawler in CRAWLERS),
        names.flow_log_group,
        *warehouse_log_groups(names),
        *names.job_log_groups(BACKUP),
        names.trail_log_group,
    ]
