"""The roles that Glue assumes: they must exist and trust Glue, or the node fails as it would on AWS."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from local.aws import Cloud
from local.runner.errors import RunnerError

GLUE_PRINCIPAL = "glue.amazonaws.com"


@dataclass(frozen=True)
class Session:
    """Temporary credentials of an assumed role."""

    role_arn: str
    access_key: str
    secret_key: str
    token: str

    @property
    def role_name(self) -> str:
        """The role's name without its path."""
        return self.role_arn.rsplit("/", 1)[-1]

    def __repr__(self) -> str:
        return f"Session(role_arn={self.role_arn!r})"


def assume(cloud: Cloud, role: str | None, *, user: str, session_name: str) -> Session:
    """Assume a role for Glue and return its temporary credentials.

    Args:
        cloud: The emulator.
        role: The role's name or ARN as the job or crawler carries it.
        user: Who wants it, for messages: `job raw-to-processed`.
        session_name: The STS session name; shows up in audit records.

    Raises:
        RunnerError: No role given, no such role, or its trust policy does not admit Glue.

    """
    if not role:
        raise RunnerError(f"{user} has no role", where=f"glue {user}", fix="set its role")
    name = role.rsplit("/", 1)[-1]
    iam = cloud.client("iam")
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except iam.exceptions.NoSuchEntityException as error:
        raise RunnerError(
            f"{user} wants the role {name}, which does not exist",
            where=f"glue {user}",
            fix=f"create the IAM role {name} or correct the {user}'s role",
        ) from error
    if role.startswith("arn:") and found["Arn"] != role:
        raise RunnerError(
            f"{user} wants the role {role}, but the role of that name is {found['Arn']}",
            where=f"glue {user}",
            fix="correct the role's ARN",
        )
    if not trusts_glue(found["AssumeRolePolicyDocument"]):
        raise RunnerError(
            f"the role {name} does not let Glue assume it",
            where=f"iam role {name}, trust policy",
            fix=f"allow sts:AssumeRole to the service principal {GLUE_PRINCIPAL}",
        )
    answer = cloud.client("sts").assume_role(RoleArn=found["Arn"], RoleSessionName=session_name[:64])
    given = answer["Credentials"]
    return Session(found["Arn"], given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def trusts_glue(document: str | Mapping[str, Any]) -> bool:
    """Whether a trust policy lets the Glue service assume the role (explicit denials win)."""
    policy = json.loads(unquote(document)) if isinstance(document, str) else document
    effects = [s["Effect"] for s in _listed(policy.get("Statement")) if _names_glue(s)]
    return "Allow" in effects and "Deny" not in effects


def _names_glue(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal") or {}
    services = _listed(principal.get("Service")) if isinstance(principal, Mapping) else [principal]
    actions = {str(action).lower() for action in _listed(statement.get("Action"))}
    return GLUE_PRINCIPAL in services and bool(actions & {"sts:assumerole", "sts:*", "*"})


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
