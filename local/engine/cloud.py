"""Deploys a stack to the real AWS: says what is missing before anything is touched."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.exceptions import BotoCoreError, ClientError

from local import console
from local.engine import plugins
from local.engine.binary import Engine
from local.engine.driver import Driver, Outcome
from local.engine.errors import EngineError
from local.engine.workspace import Mode, Workspace


@dataclass(frozen=True)
class CloudStack:
    """A stack in the real AWS; `program` holds the program and `pack` the policies."""

    root: Path
    program: Path
    pack: Path
    engine: Engine
    stack: str

    def up(self) -> Outcome:
        """Deploy the stack. Raises EngineError when credentials, account or provider are missing or wrong."""
        return self._driver().up()

    def destroy(self) -> Outcome:
        """Delete the stack. Raises as `up` does; protected resources stop it."""
        return self._driver().destroy()

    def preview(self) -> Outcome:
        """Plan the stack without an account: against an empty state, with the embedded provider."""
        workspace = Workspace(self.root, self.program, self.stack, Mode.OFFLINE)
        if withheld := workspace.withheld():
            console.messages().print(
                f"Planning without the secret settings {', '.join(withheld)}: they are encrypted."
            )
        return Driver(workspace, self.engine, self.pack).preview()

    def _driver(self) -> Driver:
        workspace = Workspace(self.root, self.program, self.stack, Mode.CLOUD)
        workspace.prepare()
        require_account(_settings(workspace), self.stack)
        plugins.install(workspace, self.engine)
        plugins.require_official(workspace, self.engine, workspace.environment(None, os.environ))
        return Driver(workspace, self.engine, self.pack)


def require_account(settings: dict[str, Any], stack: str) -> None:
    """Make sure that AWS credentials are there and belong to the stack's account.

    Raises EngineError naming what is missing, or both accounts when they differ.
    """
    overrides = sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL"))
    if overrides:
        raise EngineError(
            f"stack {stack} is deployed to the real AWS, but an endpoint override is set",
            where=", ".join(overrides),
            fix="unset it, or use ./lake up local",
        )
    region = settings.get("aws:region")
    with console.step("Checking the AWS credentials") as step:
        try:
            identity = boto3.client("sts", region_name=region).get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise EngineError(
                f"stack {stack} needs AWS credentials, and there are none that work: {error}",
                where="the environment, ~/.aws and the instance's role were searched as every AWS tool does",
                fix="sign in (aws sso login, AWS_PROFILE, …), or try ./lake up local, which needs none",
            ) from error
        step.finish(f"account {identity['Account']} as {identity['Arn'].rsplit(':', 1)[-1]}")
    allowed = [str(account) for account in settings.get("aws:allowedAccountIds") or []]
    if allowed and identity["Account"] not in allowed:
        raise EngineError(
            f"the credentials belong to account {identity['Account']}, stack {stack} to {', '.join(allowed)}",
            where=f"Pulumi.{stack}.yaml, aws:allowedAccountIds",
            fix="choose the right profile (AWS_PROFILE), or correct the setting",
        )


def _settings(workspace: Workspace) -> dict[str, Any]:
    content = yaml.safe_load((workspace.program / f"Pulumi.{workspace.stack}.yaml").read_text()) or {}
    return dict(content.get("config") or {})
