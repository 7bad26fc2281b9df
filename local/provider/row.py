"""The language of the table: how one resource type is made, read, changed and deleted, as data.

A row names AWS operations as the API reference does (`CreateJob`). Properties find their members by
themselves, ignoring case and plural (`kmsMasterKeyId` is `KMSMasterKeyID`, `rules` is `Rules`), so a row
says only what is different. Templates and paths are those of `local.provider.paths`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from local.provider.paths import Lookup, holes

if TYPE_CHECKING:
    from local.provider.scope import Scope
    from local.provider.tagging import Tagging

Custom = Callable[["Scope"], Any]
Rewrite = Callable[[dict[str, Any]], dict[str, Any]]
ALL = "*"


@dataclass(frozen=True)
class Call:
    """One operation of the row's service.

    `args` are members given by template or constant. `body` is the member that holds the properties when it
    is not the request itself (`JobUpdate`, `Targets[0]`). In an answer the resource is `at` a path, and
    `take` names properties by path where matching by name would not do. `rename` adds to the row's own.
    `blanks` sends empty values for properties the program gives no longer, for operations that leave alone
    what a request does not name.
    """

    operation: str
    args: Mapping[str, Any] = field(default_factory=dict)
    body: str = ""
    at: str = ""
    take: Mapping[str, str] | None = None
    rename: Mapping[str, str] = field(default_factory=dict)
    blanks: bool = False


@dataclass(frozen=True)
class Step:
    """A call that sets some properties on their own, after the creation or on a change.

    When the first property has no value (absent, false, empty, zero), `clear` is called instead.
    `created` says that the creation itself already carries the properties.
    """

    properties: tuple[str, ...]
    set: Call | Custom
    clear: Call | Custom | None = None
    created: bool = False


@dataclass(frozen=True)
class Name:
    """The property that Pulumi names by itself when the program does not: `<logical name>-<7 hex digits>`."""

    property: str = "name"
    prefix: str = ""
    limit: int = 255
    lower: bool = False
    random: bool = True


@dataclass(frozen=True)
class Row:
    """One resource type.

    Args:
        token: the type in Pulumi, `aws:glue/job:Job`.
        service: the service's name in boto3.
        id: template of the resource's identifier.
        keys: members that identify the resource in every operation that has them.
        create: makes it; with `update` left out and `create` a put, name it in both.
        read: finds it; the first call decides whether it is there, the others add to it.
        update: changes it, carrying all properties; called when something changes that no step covers.
        steps: calls for single properties.
        delete: removes it; None when there is nothing to remove.
        tags: how the service keeps tags; None when the type has none.
        name: the property Pulumi names by itself.
        replace: properties (dotted, or `*`) whose change makes a new resource.
        in_place: exceptions from `replace="*"`.
        custom: inputs that the row's own functions and rewrites carry.
        kept: inputs that AWS does not give back or that mean something to the provider alone.
        defaults: values the real provider fills in when the program is silent.
        rename: property (dotted) to member, where they differ by more than case and plural; "" for a
            property that the row leaves out, which `Check` then refuses.
        outputs: templates of computed properties, or functions of a lookup; known at preview when all
            their parts are.
        created: computed properties that the answer to `create` alone gives, by path.
        volatile: outputs that any update may change.
        unordered: list properties (dotted) that are sets in AWS.
        canonical: forms in which a property's values are compared, where several mean the same.
        encode: rewrites the properties before they are matched to members.
        decode: rewrites what was read before it is compared.
        gone: error codes of the service that mean "not there", beside the usual ones.
        gone_when: members of what was read, with the value that means "not there".
        standing: `recorded` for a type without an API in the embedded AWS: kept in state alone.

    """

    token: str
    service: str
    id: str
    create: Call | Custom | None = None
    read: Call | Custom | tuple[Call, ...] | None = None
    update: Call | Custom | None = None
    delete: Call | Custom | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    tags: "Tagging | None" = None
    name: Name | None = None
    replace: tuple[str, ...] = ()
    in_place: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str | Callable[[Lookup], Any]] = field(default_factory=dict)
    created: Mapping[str, str] = field(default_factory=dict)
    volatile: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    canonical: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    encode: Rewrite | None = None
    decode: Rewrite | None = None
    gone: tuple[str, ...] = ()
    gone_when: Mapping[str, Any] = field(default_factory=dict)
    standing: Literal["created", "recorded"] = "created"

    @property
    def identity(self) -> frozenset[str]:
        """The properties that say which resource it is, which answers may leave out."""
        templates = (self.id, *self.keys.values())
        return frozenset(hole.split(".", 1)[0] for template in templates for hole in holes(template))

    @property
    def reads(self) -> tuple[Call, ...]:
        """The calls that read the resource, none when a function does."""
        match self.read:
            case Call():
                return (self.read,)
            case tuple():
                return self.read
            case _:
                return ()
