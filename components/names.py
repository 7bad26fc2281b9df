"""Every name and ARN of a stack, literal: computed from settings, never read back from AWS."""

from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from components.settings import PROJECT, Settings

_LONGEST_ROLE = 64


class Store(StrEnum):
    """What a bucket is for."""

    DATA = "data"
    LOGS = "logs"
    RESULTS = "results"
    ARTIFACTS = "artifacts"
    AUDIT = "audit"


class KeyPurpose(StrEnum):
    """What an encryption key is for.

    DATA: lake objects and job artifacts. RESULTS: Athena results. LOGS: CloudWatch log groups.
    CATALOG: the account's Glue Data Catalog. WAREHOUSE: the Redshift cluster and its password.
    REPLICA: what the replica region holds, buckets and snapshots alike. AUDIT: the trail of API calls.
    ALERTS: the topic of alerts.
    """

    DATA = "data"
    RESULTS = "results"
    LOGS = "logs"
    CATALOG = "catalog"
    WAREHOUSE = "warehouse"
    REPLICA = "replica"
    AUDIT = "audit"
    ALERTS = "alerts"


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
    replica_region: str
    suffix: str = ""

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
            settings.replica_region,
        )

    @property
    def replica(self) -> "Names":
        """Return the names in the replica region; its buckets end in `-replica`, as S3's names are global."""
        return replace(self, region=self.replica_region, replica_region=self.region, suffix="-replica")

    @property
    def at_home(self) -> bool:
        """Return whether these are names in the stack's own region."""
        return not self.suffix

    @property
    def region_argument(self) -> str | None:
        """Return what a resource takes as its region: nothing at home, where the provider's own holds."""
        return None if self.at_home else self.region

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
        return (self.prefix if store is Store.DATA else f"{self.prefix}-{store}") + self.suffix

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

    @property
    def inventory_prefix(self) -> str:
        """Return the prefix of all inventories in the log bucket."""
        return "s3-inventory/"

    @property
    def catalog_backup_prefix(self) -> str:
        """Return where the replica's artifacts bucket keeps the catalog's backups."""
        return "catalog-backups/"

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

    @property
    def run_metric_namespace(self) -> str:
        """Return where runs put their metrics: an account may hold several stacks, so each has its own."""
        return f"EnergyTradingDatalake/Pipeline/{self.stack}"

    def role(self, function: str) -> str:
        """Return the IAM role of one function, such as a job or a crawler.

        One that would be too long for IAM, as a long stack's crawler of a long table, ends in a digest.
        """
        name = f"{self.prefix}-{function}"
        if len(name) <= _LONGEST_ROLE:
            return name
        digest = sha256(name.encode()).hexdigest()[:8]
        return f"{name[: _LONGEST_ROLE - len(digest) - 1].rstrip('-')}-{digest}"

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

    # Network

    @property
    def flow_log_group(self) -> str:
        """Return the log group of the network's flow logs."""
        return f"/{self.prefix}/vpc-flow-logs"

    def endpoint_service(self, service: str) -> str:
        """Return the service name of a VPC endpoint, such as `com.amazonaws.eu-west-1.kms`."""
        return f"com.amazonaws.{self.region}.{service}"

    # Warehouse

    @property
    def cluster(self) -> str:
        """Return the Redshift cluster."""
        return self.prefix

    @property
    def cluster_arn(self) -> str:
        """Return the Redshift cluster's ARN."""
        return self.arn("redshift", f"cluster:{self.cluster}")

    @property
    def warehouse_secret_arn(self) -> str:
        """Return the ARN pattern of the secret that Redshift makes for the cluster's password."""
        return self.arn("secretsmanager", f"secret:redshift!{self.cluster}-*")

    @property
    def warehouse_connection(self) -> str:
        """Return the Glue connection to the warehouse."""
        return f"{self.prefix}-warehouse"

    def warehouse_log_group(self, kind: str) -> str:
        """Return the log group of a kind of the cluster's logs, as Redshift names it.

        https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing-cloudwatch.html
        """
        return f"/aws/redshift/cluster/{self.cluster}/{kind}"

    # Governance

    def lf_tag(self, key: str) -> str:
        """Return an LF-tag's key; tags belong to an account and region, so a guest stack adds its name."""
        return self.shared(key)

    def persona_tag(self, persona: str) -> str:
        """Return the tag that the identity provider puts on sessions of a persona's members."""
        return f"{self.prefix}:{persona}"

    def workgroup_arn(self, workgroup: str) -> str:
        """Return the ARN of an Athena workgroup of the seed's name."""
        return self.arn("athena", f"workgroup/{self.shared(workgroup)}")

    def quicksight_group_arn(self, group: str) -> str:
        """Return the ARN of a QuickSight group in the default namespace, as Lake Formation takes it."""
        return self.arn("quicksight", f"group/default/{self.role(group)}")

    # Audit and alerts

    @property
    def trail(self) -> str:
        """Return the trail of API calls."""
        return self.prefix

    @property
    def trail_arn(self) -> str:
        """Return the trail's ARN."""
        return self.arn("cloudtrail", f"trail/{self.trail}")

    @property
    def trail_log_group(self) -> str:
        """Return the log group that the trail also writes to."""
        return f"/aws/cloudtrail/{self.trail}"

    @property
    def trail_prefix(self) -> str:
        """Return where the audit bucket keeps the trail's files."""
        return "trail/"

    @property
    def alert_topic(self) -> str:
        """Return the topic that every alert goes to."""
        return f"{self.prefix}-alerts"

    @property
    def alert_topic_arn(self) -> str:
        """Return the ARN of the topic of alerts."""
        return self.arn("sns", self.alert_topic)

    def alarm(self, subject: str) -> str:
        """Return the name of an alarm."""
        return f"{self.prefix}-{subject}"

    @property
    def metric_namespace(self) -> str:
        """Return where metric filters of this stack put their counts."""
        return f"EnergyTradingDatalake/Audit/{self.stack}"
