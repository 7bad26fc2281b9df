"""The local stack's cloud: boto3 clients and the control calls of one embedded AWS, on the loopback only."""

from __future__ import annotations

import ipaddress
import json
import os
import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import boto3
import botocore.session
from botocore.config import Config

from etl.errors import DataLakeError

ACCOUNT = "123456789012"
REGION = "eu-west-1"
# Neither a profile nor a configuration file of the user's has a say in the embedded AWS.
_NOTHING_OF_THE_USERS = {
    name: (None, None, default, None)
    for name, default in (("profile", None), ("config_file", os.devnull), ("credentials_file", os.devnull))
}
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CloudError(DataLakeError):
    """The embedded AWS was named wrongly, cannot be reached, or refused a control call."""


class Cloud:
    """An embedded AWS by its endpoint; its clients are cached and carry no real credentials."""

    def __init__(self, endpoint: str, account: str = ACCOUNT, region: str = REGION) -> None:
        refuse_unless_loopback(endpoint)
        self.endpoint = endpoint.rstrip("/")
        self.account = account
        self.region = region
        self._session = boto3.session.Session(
            aws_access_key_id="local",
            aws_secret_access_key="local",
            botocore_session=botocore.session.Session(session_vars=_NOTHING_OF_THE_USERS),
        )
        self._clients: dict[tuple[str, str], Any] = {}
        self._making = threading.Lock()

    def client(self, service: str, region: str | None = None) -> Any:
        """Returns the boto3 client of a service, path-style for S3, with no real AWS within its reach."""
        key = (service, region or self.region)
        with self._making:
            if key not in self._clients:
                settings = Config(
                    s3={"addressing_style": "path"},
                    retries={"mode": "standard", "total_max_attempts": 2},
                    proxies={},
                    connect_timeout=5,
                    read_timeout=120,
                    max_pool_connections=16,
                )
                client = self._session.client(
                    service, region_name=key[1], endpoint_url=self.endpoint, config=settings
                )
                client.meta.events.register("before-sign", self._keep_host)
                self._clients[key] = client
            return self._clients[key]

    def _keep_host(self, request: Any, **_: Any) -> None:
        """Takes off host prefixes such as S3 Control's account id, which no local name server resolves."""
        parts = urlsplit(request.url)
        own = urlsplit(self.endpoint).netloc
        if parts.netloc != own:
            request.url = urlunsplit(parts._replace(netloc=own))

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Makes a control call, such as `GET inventory`, and returns its JSON; refusals are errors."""
        url = f"{self.endpoint}/_lake/{path.lstrip('/')}"
        data = None if body is None else json.dumps(body, default=str).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            with _DIRECT.open(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                said = refusal.read().decode("utf-8", "replace")
            raise CloudError(
                f"The embedded AWS refused {method} {path}: {said}", where=self.endpoint
            ) from refusal
        except OSError as gone:
            raise CloudError(
                f"The embedded AWS does not answer: {gone}",
                where=self.endpoint,
                fix="start it again: ./lake up local",
            ) from gone


def refuse_unless_loopback(endpoint: str) -> None:
    """Raises CloudError unless the endpoint is plain HTTP on this machine."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "http" or not loopback:
        raise CloudError(
            f"The local stack speaks to the embedded AWS on this machine only, not to {endpoint!r}",
            fix="use an endpoint such as http://127.0.0.1:PORT, or the dev or prod stack for real AWS",
        )
