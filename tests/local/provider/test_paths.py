"""Paths into answers and names of tags: the notations that rows are written in."""

from typing import Any

import pytest

from local.provider.paths import pick

ANSWER: dict[str, Any] = {
    "Groups": [{"GroupId": "sg-1", "Name": "a"}, {"GroupId": "sg-2", "Name": "b"}],
    "Subnets": [{"Zone": {"Name": "a"}}, {}],
    "None": [],
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Groups[*].GroupId", ["sg-1", "sg-2"]),
        ("Groups[Name=b].GroupId", "sg-2"),
        ("Subnets[*].Zone.Name", ["a", None]),
        ("None[*].GroupId", []),
        ("Missing[*].GroupId", None),
    ],
)
def test_a_path_follows_one_item_or_every_item(path: str, found: Any) -> None:
    assert pick(ANSWER, path) == found
