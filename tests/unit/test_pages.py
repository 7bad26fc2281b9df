"""The generated pages are in step with the program."""

import pytest

from tests.unit import configuration_page, seed_coverage
from tests.unit.seed_coverage import Line, lines


@pytest.mark.parametrize("line", lines(), ids=lambda line: line.text[:40])
def test_every_line_of_the_architecture_became_something_that_a_test_proves(line: Line) -> None:
    assert line.resources
    assert line.tests
    for selector in line.resources:
        assert seed_coverage.matched(selector), f"no resource is {selector}"
    for test in line.tests:
        assert seed_coverage.exists(test), f"no test is {test}"


def test_a_selector_or_test_that_means_nothing_is_noticed() -> None:
    assert seed_coverage.matched("Bucket:data-bucket")
    assert not seed_coverage.matched("Bucket:lake")
    assert not seed_coverage.exists("test_pages.test_of_nothing")


def test_the_page_of_coverage_is_in_step() -> None:
    assert seed_coverage.PAGE.read_text(encoding="utf-8") == seed_coverage.render(), seed_coverage.__doc__


def test_the_page_of_configuration_is_in_step() -> None:
    page = configuration_page.PAGE.read_text(encoding="utf-8")
    assert page == configuration_page.render(), configuration_page.__doc__
