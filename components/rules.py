"""What single settings may be, in words and as tests."""

import datetime
import functools
import ipaddress
import re
import zoneinfo
from typing import Any

from botocore.loaders import create_loader

from components.schema import Rule

LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557)
"""The retention periods CloudWatch Logs accepts up to seven years (PutRetentionPolicy)."""

_ACCOUNT = r"\d{12}"
_PARTITION = r"arn:aws(?:-cn|-us-gov)?"
_FIELD = r"[A-Za-z0-9*?,/#LW-]+"


@functools.cache
def partition_of(region: str) -> tuple[str, str] | None:
    """Find the partition and DNS suffix of a region after botocore's own table; None when there is none."""
    for partition in create_loader().load_data("partitions")["partitions"]:
        if region in partition["regions"] and not region.endswith("-global"):
            return partition["id"], partition["outputs"]["dnsSuffix"]
    return None


def between(low: int, high: int, unit: str) -> Rule:
    """Allow a whole number of `unit` in a closed range."""
    return Rule(f"a whole number of {unit} from {low} to {high}", lambda value: low <= value <= high)


def at_least(low: int, unit: str) -> Rule:
    """Allow a whole number of `unit` with no upper limit."""
    return Rule(f"a whole number of {unit}, {low} or more", lambda value: value >= low)


def one_of(values: tuple[Any, ...]) -> Rule:
    """Allow one of a closed list."""
    return Rule("one of " + ", ".join(str(value) for value in values), lambda value: value in values)


def matching(pattern: str, allowed: str) -> Rule:
    """Allow text that matches a whole pattern."""
    return Rule(allowed, lambda value: re.fullmatch(pattern, value) is not None)


def never_or_at_least(low: int) -> Rule:
    """Allow a number of days after which something happens, or 0 for never."""
    return Rule(f"0 for never, or {low} days or more", lambda value: value == 0 or value >= low)


def _is_private_network(value: str) -> bool:
    try:
        network = ipaddress.IPv4Network(value, strict=True)
    except ValueError:
        return False
    return network.is_private and 16 <= network.prefixlen <= 28


def _is_date(value: str) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_timezone(value: str) -> bool:
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return False
    return True


ACCOUNT = matching(_ACCOUNT, 'the 12 digits of an AWS account id, in quotes ("111122223333")')
REGION = Rule(
    "a region AWS has, such as eu-west-1",
    lambda value: isinstance(value, str) and partition_of(value) is not None,
)
ROLE_ARN = matching(
    rf"{_PARTITION}:iam::{_ACCOUNT}:(?:role|user)/[\w+=,.@/-]{{1,512}}",
    "the ARN of an IAM role, such as arn:aws:iam::111122223333:role/deployer",
)
CIDR = Rule(
    "a private IPv4 block from /16 to /28 without host bits, such as 10.20.0.0/20", _is_private_network
)
SUBNET_CIDR = Rule(
    "a private IPv4 block from /16 to /26 without host bits, such as 10.20.0.0/20: endpoints, warehouse and"
    " job workers need an address each",
    lambda value: _is_private_network(value) and int(value.rpartition("/")[2]) <= 26,
)
ZONE = matching("[a-z]", "the letter of an availability zone, such as a in eu-west-1a")
DATE = Rule("a date as YYYY-MM-DD", _is_date)
TIMEZONE = Rule("an IANA time zone, such as Europe/Madrid", _is_timezone)
_CRON = rf"cron\({_FIELD}(?: {_FIELD}){{5}}\)"
_RATE = r"rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9]\d+) (?:minutes|hours|days))\)"
SCHEDULE = matching(
    rf"|{_CRON}|{_RATE}",
    "an EventBridge schedule in UTC, such as cron(30 4 * * ? *) or rate(1 day), or an empty text for none",
)
CLOCK = matching(
    rf"|{_CRON}",
    "a schedule in UTC, such as cron(0 19 ? * MON-FRI *), or an empty text for none",
)
_WEEKDAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
MAINTENANCE_WINDOW = matching(
    rf"{_WEEKDAY}:{_TIME}-{_WEEKDAY}:{_TIME}",
    "a weekly window in UTC of 30 minutes or more, such as sun:03:00-sun:03:30",
)
DATABASE = matching(r"[a-z][a-z0-9_]{0,62}", "1 to 63 lower-case letters, digits or _, a letter first")
TAG_VALUE = matching(r"[\w .:/=+@-]{1,256}", "1 to 256 letters, digits, spaces or _.:/=+-@")
EMAIL = matching(
    r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", "an e-mail address, such as oncall@example.com"
)
SHARE = Rule("a number from 0 to 1", lambda value: 0 <= value <= 1)
PERCENT = matching(r"[1-9]\d{0,2}", 'a whole percentage in quotes, such as "80"')
TIME_OF_DAY = matching(r"(?:[01]\d|2[0-3]):[0-5]\d", "a time as HH:MM, such as 06:00")
SECRET_ARN = matching(
    rf"|{_PARTITION}:secretsmanager:[a-z0-9-]+:{_ACCOUNT}:secret:[\w/+=.@-]{{1,512}}-[A-Za-z0-9]{{6}}",
    "the whole ARN of a secret, to the six characters AWS adds to its name, such as"
    " arn:aws:secretsmanager:eu-west-1:111122223333:secret:name-a1B2c3, or empty",
)
