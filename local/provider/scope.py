"""One resource during one request: its properties, its place, and the calls that reach it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.provider.clients import Clients, dns_suffix_of, partition_of
from local.provider.codec import Codec
from local.provider.errors import code_of, from_aws, is_gone
from local.provider.paths import invert, render
from local.provider.row import Call, Custom, Row
from local.provider.values import Properties


@dataclass
class Scope:
    """What a row's calls and functions see.

    `inputs` are the resource's inputs without secrets, `state` what is known of its outputs, `id` its
    identifier when it exists, `held` AWS's own structure of it once it was read.
    """

    row: Row
    codec: Codec
    clients: Clients
    urn: str
    inputs: Properties
    state: Properties = field(default_factory=dict)
    id: str | None = None
    held: Mapping[str, Any] = field(default_factory=dict)

    @property
    def region(self) -> str:
        """The region of the resource: its own argument, else the provider's."""
        return str(self.inputs.get("region") or self.state.get("region") or self.clients.settings.region)

    @property
    def client(self) -> Any:
        """The boto3 client of the row's service in the resource's region."""
        return self.clients.client(self.row.service, self.region)

    @property
    def where(self) -> str:
        """The resource, for messages."""
        return f"{self.row.token}, {self.urn}"

    def lookup(self, name: str) -> Any:
        """Return the value of a template's hole: an input, an output, or a fact of the place."""
        top, _, rest = name.partition(".")
        value = self._lookup_top(top)
        for key in rest.split(".") if rest else ():
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _lookup_top(self, name: str) -> Any:
        for source in (self.inputs, self.state):
            if source.get(name) is not None:
                return source[name]
        if name in _FACTS:
            return _FACTS[name](self)
        if name in self.row.outputs:
            return render(self.row.outputs[name], self.lookup)
        return invert(self.row.id, self.id).get(name) if self.id else None

    def render(self, template: Any) -> Any:
        """Fill a template from this resource."""
        return render(template, self.lookup)

    def run(self, action: Call | Custom, properties: Mapping[str, Any] | None = None) -> Any:
        """Do a call of the row, or a function it gives; return AWS's answer.

        Raises ProviderError, worded from AWS's error.
        """
        if not isinstance(action, Call):
            return action(self)
        return self.send(action.operation, **self.request(action, properties or {}))

    def request(self, call: Call, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Build the request of a call that carries the given properties."""
        return self.codec.request(self.client.meta.service_model, call, properties, self.lookup)

    def send(self, operation: str, **request: Any) -> dict[str, Any]:
        """Send one request by the operation's name in AWS's API.

        Raises ProviderError, worded from AWS's error, whose cause is botocore's.
        """
        client = self.client
        method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
        try:
            answer: dict[str, Any] = getattr(client, method)(**request)
        except Exception as error:
            raise from_aws(error, self.row.service, operation, self.where) from error
        return answer

    def pages(self, operation: str, **request: Any) -> dict[str, Any]:
        """Send one listing request, following its pages; the lists of all pages are joined."""
        client = self.client
        method = next(name for name, api in client.meta.method_to_api_mapping.items() if api == operation)
        if not client.can_paginate(method):
            return self.send(operation, **request)
        try:
            return dict(client.get_paginator(method).paginate(**request).build_full_result())
        except Exception as error:
            raise from_aws(error, self.row.service, operation, self.where) from error

    def is_gone(self, error: Exception) -> bool:
        """Tell whether an error of this resource's calls says that it is not there."""
        cause = error.__cause__
        return isinstance(cause, Exception) and is_gone(cause, self.row.gone)

    def code(self, error: Exception) -> str:
        """Return AWS's code behind an error of this resource's calls."""
        return code_of(error.__cause__) if isinstance(error.__cause__, Exception) else ""


_FACTS: dict[str, Callable[[Scope], Any]] = {
    "account": lambda scope: scope.clients.account,
    "region": lambda scope: scope.region,
    "partition": lambda scope: partition_of(scope.region),
    "dnsSuffix": lambda scope: dns_suffix_of(partition_of(scope.region)),
    "id": lambda scope: scope.id,
}
