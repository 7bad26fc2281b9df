"""The front door of the embedded AWS: control calls, AWS calls, and clear errors for what it does not have.

AWS calls go to moto, one at a time: moto's stores are plain dicts without locks, and a conditional put that
two writers race for must have one winner. Bodies are read before the turn is taken, so a slow upload holds
nobody up.
"""

from __future__ import annotations

import io
import json
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.emulator import gaps, warming
from local.emulator.control import PREFIX, Control

IN_MEMORY_BYTES = 64 * 1024 * 1024
Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class Gateway:
    """The WSGI application: `/_lake/` is the control API, all else is AWS."""

    def __init__(self, control: Control) -> None:
        gaps.install()
        self._control = control
        self._turn = threading.RLock()
        self._aws = _Services(_service)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one request."""
        path = urlsplit(environ.get("RAW_URI") or environ.get("PATH_INFO", "")).path
        body = _buffered(environ)
        try:
            if path.startswith(PREFIX):
                return self._answer_control(environ, path, body, start_response)
            if path.startswith("/moto-api"):
                return _error(environ, start_response, 403, "AccessDenied", "moto's own API is closed here")
            environ["wsgi.url_scheme"] = "http"
            with self._turn:
                answer: Iterable[bytes] = self._aws(environ, start_response)
            return answer
        except NotImplementedError as missing:
            said = f"The embedded AWS does not have this: {missing}"
            return _error(environ, start_response, 501, "NotImplemented", said)
        except Exception as failure:
            traceback.print_exc()
            said = f"{type(failure).__name__} in the embedded AWS: {failure}"
            return _error(environ, start_response, 500, "InternalFailure", said)

    def _answer_control(
        self, environ: Environ, path: str, body: io.BufferedIOBase, start_response: StartResponse
    ) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").rsplit(":", 1)[0]
        if host not in ("127.0.0.1", "localhost"):
            return _error(
                environ, start_response, 403, "AccessDenied", "control calls come from this machine only"
            )
        method = environ["REQUEST_METHOD"]
        answer: Any
        if path == f"{PREFIX}identity":
            status, answer = 200, self._control.identity.as_dict()
        elif path == f"{PREFIX}warm":
            warming.warm(self._aws)
            status, answer = 200, {"services": warming.SERVICES}
        else:
            with self._turn:
                status, answer = self._control.call(method, path.removeprefix(PREFIX), body.read())
        content = json.dumps(answer, default=str).encode()
        start_response(
            f"{status} .", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        )
        return [content]


class _Services(DomainDispatcherApplication):
    """Moto's services by host, which it would look for on disk at every request."""

    def __init__(self, create_app: Callable[[Any], Any]) -> None:
        super().__init__(create_app)
        self._by_host: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """Names the service that answers for a host."""
        if host not in self._by_host:
            self._by_host[host] = super().get_backend_for_host(host)
        return self._by_host[host]


def _service(name: Any) -> Any:
    gaps.prepare(name)
    return create_backend_app(name)


def _buffered(environ: Environ) -> io.BufferedIOBase:
    """Reads the request's body whole, to memory or, when large, to disk."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    source = environ["wsgi.input"]
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
        content = source.read()
        environ["CONTENT_LENGTH"] = str(len(content))
        environ.pop("HTTP_TRANSFER_ENCODING")
        environ.pop("wsgi.input_terminated", None)
        target: io.BufferedIOBase = io.BytesIO(content)
    elif length <= IN_MEMORY_BYTES:
        target = io.BytesIO(source.read(length) if length else b"")
    else:
        target = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the request)
        while length > 0 and (block := source.read(min(length, 1 << 20))):
            target.write(block)
            length -= len(block)
        target.seek(0)
    environ["wsgi.input"] = target
    return target


def _error(
    environ: Environ, start_response: StartResponse, status: int, code: str, message: str
) -> Iterable[bytes]:
    """Answers an error in the form the caller's protocol expects, so that SDKs show code and message."""
    kind = environ.get("CONTENT_TYPE", "")
    scope = environ.get("HTTP_AUTHORIZATION", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        text = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        content, kind = f"<ErrorResponse><Error>{text}</Error></ErrorResponse>", "text/xml"
    elif "HTTP_X_AMZ_TARGET" in environ or ("Credential=" in scope and "/s3/" not in scope):
        content, kind = json.dumps({"__type": code, "message": message}), "application/json"
    else:
        text = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        content, kind = f"<Error>{text}</Error>", "application/xml"
    encoded = b"" if environ["REQUEST_METHOD"] == "HEAD" else content.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(encoded))), ("x-amzn-errortype", code)]
    start_response(f"{status} {code}", headers)
    return [encoded]
