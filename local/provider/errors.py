"""Failures of the embedded provider, worded for the person who runs the deployment."""

from collections.abc import Collection

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from etl.errors import DataLakeError


class ProviderError(DataLakeError):
    """The provider cannot do what the program or the row asks."""


class Cancelled(ProviderError):
    """The engine cancelled the deployment before this work began."""


class PartialFailure(ProviderError):
    """A resource exists, but not every call that sets it up succeeded.

    `identifier` and `properties` let the engine keep it in state, so that the next deployment finishes it.
    """

    def __init__(self, cause: Exception, identifier: str, properties: dict[str, object]) -> None:
        super().__init__(f"{identifier} exists but is not complete: {cause}")
        self.identifier = identifier
        self.properties = properties
        self.reasons = [str(cause)]


# Endings of the error codes by which AWS services say that the thing asked for is not there.
_GONE = (
    "NotFound",
    "NotFoundException",
    "NotFoundError",
    "NotFoundFault",
    "NoSuchEntity",
    "NoSuchEntityException",
    "DoesNotExist",
    "DoesNotExistException",
)
_GONE_PREFIX = ("NoSuch", "404")
_TAKEN = ("AlreadyExists", "AlreadyExistsException", "AlreadyExistsFault", "AlreadyOwnedByYou")


def code_of(error: Exception) -> str:
    """Return AWS's error code, or the empty text when the error is not an answer of AWS."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_gone(error: Exception, more: Collection[str] = ()) -> bool:
    """Tell whether the error says that the resource is not there; `more` are codes of the type itself."""
    code = code_of(error)
    return code in more or code.endswith(_GONE) or code.startswith(_GONE_PREFIX)


def is_taken(error: Exception) -> bool:
    """Tell whether the error says that a resource of this name is there already."""
    code = code_of(error)
    message = str(error).lower()
    return code.endswith(_TAKEN) or (code in ("InvalidRequestException",) and "already" in message)


def from_aws(error: Exception, service: str, operation: str, where: str) -> ProviderError:
    """Word an error of botocore: service, operation, code, message and the resource it happened to."""
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, HTTPClientError | NoConnection):
        what = f"the embedded AWS does not answer ({service} {operation}: {type(error).__name__})"
        return ProviderError(what, where=where, fix="start it again: ./lake up local")
    if isinstance(error, ClientError):
        message = error.response.get("Error", {}).get("Message", "")
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500:
            what = (
                f"the embedded AWS itself failed at {service} {operation}: {' '.join(message.split())[:200]}"
            )
            return ProviderError(
                what, where=where, fix="see the emulator's log in the stack's folder under .lake"
            )
        return ProviderError(f"{service} {operation} failed: {code_of(error)}: {message}", where=where)
    return ProviderError(f"{service} {operation} failed: {type(error).__name__}: {error}", where=where)


def redact(message: str, secrets: Collection[str]) -> str:
    """Take every secret text out of a message."""
    for text in sorted(secrets, key=len, reverse=True):
        message = message.replace(text, "[secret]")
    return message
