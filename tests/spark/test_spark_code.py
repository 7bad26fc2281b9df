"""What the Spark engine's sources may not do: bring records to the driver, or say twice what a rule is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "etl" / "spark"
ONE_PLACE = "answers.py"
TO_THE_DRIVER = {
    "collect", "collectAsArrow", "first", "foreach", "foreachPartition", "head", "show", "tail", "take",
    "takeOrdered", "takeSample", "toLocalIterator", "toPandas", "top", "rdd",
}  # fmt: skip
USER_FUNCTIONS = {"udf", "pandas_udf", "udtf", "register", "registerJavaFunction"}


def attributes(source: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            yield node.attr, node.lineno


def offences(source: str, names: set[str]) -> list[tuple[str, int]]:
    return sorted((name, line) for name, line in attributes(source) if name in names)


def test_records_come_to_the_driver_in_one_place_only() -> None:
    modules = sorted(PACKAGE.glob("*.py"))
    assert len(modules) > 8
    found = {path.name: offences(path.read_text(), TO_THE_DRIVER) for path in modules}
    assert {name for name, places in found.items() if places} == {ONE_PLACE}
    assert [name for name, _ in found[ONE_PLACE]] == ["collect"] * 3


def test_there_is_no_user_defined_function() -> None:
    found = {path.name: offences(path.read_text(), USER_FUNCTIONS) for path in PACKAGE.glob("*.py")}
    assert not any(found.values()), found


@pytest.mark.parametrize("name", sorted(TO_THE_DRIVER))
def test_the_search_would_find_it(name: str) -> None:
    assert offences(f"def f(frame):\n    return frame.where('x').{name}()", TO_THE_DRIVER) == [(name, 2)]
