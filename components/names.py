"""Every name and ARN of a stack, literal: computed from settings, never read back from AWS."""

from dataclasses import dataclass
from enum import StrEnum

from components.settings import PROJECT, Settings


class Store(StrEnum):
    """What a bucket is for."""

    DATA = "data"
    LOGS = "logs"
    RESULTS = "results"
    ARTIFACTS = "artifacts"


class KeyPurpose(StrEnum):
    """What an encryption key is for.

    DATA: lake objects and job artifacts. RESULTS: Athena results. LOGS: CloudWatch log groups.
    CATALOG: the account's Glue Data Catalog.
    """

    DATA = "data"
    RESULTS = "results"
    LOGS = "logs"
    CATALOG = "catalog"


@dataclass(frozen=True)
class Names:
    """Names and ARNs of one stack.

    Limits: bucket names 63 characters, IAM role names 64, Glue names 255; a stack's name has at most 16.
    """

    stack: str
    account: str
    region: str
    partition: str
    dns_suffix: str
    owns_account_settings: bool

    @classmethod
    def of(cls, settings: Settings) -> "Names":
        """Return the names of the stack that has these settings."""
        return cls(
            settings.stack,
            settings.account_id,
            settings.region,
            settings.partition,
            settings.dns_suffix,
            settings.owns_account_settings,
        )

    @property
    def prefix(self) -> str:
        """Return what the stack's own names start with, `energy-trading-datalake-<stack>`."""
        return f"{PROJECT}-{self.stack}"

    def shared(self, name: str) -> str:
        """Return a name that is unique in an account and region: a guest stack adds its own."""
        return name if self.owns_account_settings else f"{name}-{self.stack}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def iam_arn(self, resource: str) -> str:
        """Return the ARN of an IAM resource, which has no region."""
        return f"arn:{self.partition}:iam::{self.account}:{resource}"

    def via(self, *services: str) -> list[str]:
        """Return the values of kms:ViaService for services of this region."""
        return [f"{service}.{self.region}.{self.dns_suffix}" for service in services]

    # Storage

    def bucket(self, store: Store) -> str:
        """Return a bucket's name; the data bucket has the plain prefix."""
        return self.prefix if store is Store.DATA else f"{self.prefix}-{store}"

    def bucket_arn(self, store: Store) -> str:
        """Return a bucket's ARN."""
        return f"arn:{self.partition}:s3:::{self.bucket(store)}"

    def objects_arn(self, store: Store, prefix: str = "") -> str:
        """Return the ARN pattern of the objects under a prefix such as `raw/`."""
        return f"{self.bucket_arn(store)}/{prefix}*"

    def uri(self, store: Store, path: str = "") -> str:
        """Return the s3:// address of a path in a bucket."""
        return f"s3://{self.bucket(store)}/{path}"

    def location_arn(self, zone: str) -> str:
        """Return the ARN under which Lake Formation knows a zone's prefix."""
        return f"{self.bucket_arn(Store.DATA)}/{zone}"

    @property
    def access_log_root(self) -> str:
        """Return the prefix of all access logs in the log bucket."""
        return "s3-access/"

    def access_log_prefix(self, store: Store) -> str:
        """Return where the log bucket keeps the access logs of another bucket."""
        return f"{self.access_log_root}{self.bucket(store)}/"

    def result_prefix(self, workgroup: str) -> str:
        """Return where a workgroup's query results go in the results bucket."""
        return f"{workgroup}/"

    def temporary_prefix(self, job: str) -> str:
        """Return where a job keeps temporary objects in the artifacts bucket."""
        return f"temporary/{job}/"

    # Keys

    def key_alias(self, purpose: KeyPurpose) -> str:
        """Return a key's alias; the catalog key belongs to the account, so all its stacks name it alike."""
        owner = PROJECT if purpose is KeyPurpose.CATALOG else self.prefix
        return f"alias/{owner}/{purpose}"

    # Catalog

    def database(self, zone: str) -> str:
        """Return a zone's catalog database."""
        return f"energy_{zone}_{self.stack}"

    def catalog_arns(self, database: str, tables: tuple[str, ...] = ()) -> list[str]:
        """Return the ARNs an IAM statement needs for a database and tables of it."""
        return [
            self.arn("glue", "catalog"),
            self.arn("glue", f"database/{database}"),
            *(self.arn("glue", f"table/{database}/{table}") for table in tables),
        ]

    # Pipeline

    @property
    def workflow(self) -> str:
        """Return the Glue workflow."""
        return self.shared("energy-trading-pipeline")

    @property
    def workflow_arn(self) -> str:
        """Return the Glue workflow's ARN."""
        return self.arn("glue", f"workflow/{self.workflow}")

    @property
    def security_configuration(self) -> str:
        """Return the Glue security configuration of every job and crawler."""
        return self.prefix

    @property
    def object_rule(self) -> str:
        """Return the EventBridge rule for new raw objects."""
        return f"{self.prefix}-new-raw-object"

    @property
    def daily_rule(self) -> str:
        """Return the EventBridge rule of the daily run."""
        return f"{self.prefix}-daily-run"

    def rule_arn(self, rule: str) -> str:
        """Return the ARN of a rule on the default event bus."""
        return self.arn("events", f"rule/{rule}")

    def role(self, function: str) -> str:
        """Return the IAM role of one function, such as a job or a crawler."""
        return f"{self.prefix}-{function}"

    def role_arn(self, function: str) -> str:
        """Return the ARN of a function's role."""
        return self.iam_arn(f"role/{self.role(function)}")

    def job_log_groups(self, job: str) -> list[str]:
        """Return the log groups of a job's output and errors; Glue 5 names them so where they are encrypted.

        https://docs.aws.amazon.com/glue/latest/dg/monitor-continuous-logging.html
        """
        base = f"/aws-glue/jobs/{self.security_configuration}-role/{self.role(job)}"
        return [f"{base}/output", f"{base}/error"]

    def crawler_log_group(self, crawler: str) -> str:
        """Return the log group of a crawler, as Glue names it where it is encrypted."""
        return f"/aws-glue/crawlers-role/{self.role(crawler)}-{self.security_configuration}"

    def log_group_arn(self, group: str) -> str:
        """Return a log group's ARN."""
        return self.arn("logs", f"log-group:{group}")
