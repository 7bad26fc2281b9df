"""Loads the services a whole stack calls before it calls them, while its plan is still being made.

Loading them takes longer than their calls do: seconds in which a deployment would wait, and in which a plan
leaves a processor idle.
"""

from __future__ import annotations

import threading

from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

SERVICES = (
    "kms",
    "s3",
    "s3control",
    "iam",
    "sts",
    "logs",
    "glue",
    "sns",
    "cloudwatch",
    "ec2",
    "lakeformation",
    "events",
    "athena",
    "redshift",
    "redshiftdata",
    "secretsmanager",
    "quicksight",
    "scheduler",
    "cloudtrail",
    "cloudformation",
    "budgets",
    "ce",
    "sqs",
)
"""Moto's names, in the order in which a deployment comes to them."""

_MODELS = {"redshiftdata": "redshift-data"}


def warm(aws: DomainDispatcherApplication) -> None:
    """Begin to load the services, once; calls that come meanwhile are answered."""
    threading.Thread(target=_load, args=(aws,), name="warming", daemon=True).start()


def _load(aws: DomainDispatcherApplication) -> None:
    for name in SERVICES:
        with aws.lock:
            if name not in aws.app_instances:
                aws.app_instances[name] = aws.create_app(name)  # type: ignore[arg-type]
        get_service_model(_MODELS.get(name, name))
