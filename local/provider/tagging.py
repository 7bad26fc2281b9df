"""How each service keeps the tags of its resources, declared once a service.

Program side tags are one map. The service's shapes tell whether it wants a map or a list of pairs.
"""

from dataclasses import dataclass

from local.provider.row import Call

# Tags of AWS itself (`aws:cloudformation:stack-name`) cannot be set and are nobody's drift.
RESERVED_PREFIX = "aws:"


@dataclass(frozen=True)
class Tagging:
    """One service's way with tags.

    `inline` is the member of the creating call that takes them, "" when that call has none. `read` is the
    call that lists them, None when the resource's own answer holds them under `at`. `set` takes all tags
    under `member`; `unset` takes names under `names`. Without `unset`, `set` replaces every tag at once and
    `clear` removes the last ones.
    """

    set: Call
    member: str
    read: Call | None = None
    at: str = "Tags"
    inline: str = "Tags"
    unset: Call | None = None
    names: str = "TagKeys"
    clear: Call | None = None


def by_arn(
    member: str = "ResourceARN",
    *,
    arn: str = "{arn}",
    tags: str = "Tags",
    inline: str = "Tags",
    names: str = "TagKeys",
) -> Tagging:
    """Return the commonest way: `TagResource`, `UntagResource` and `ListTagsForResource` by ARN."""
    where = {member: arn}
    return Tagging(
        set=Call("TagResource", args=where),
        member=tags,
        read=Call("ListTagsForResource", args=where),
        at=tags,
        inline=inline,
        unset=Call("UntagResource", args=where),
        names=names,
    )
