"""Pages that are made from the controls are in step with them."""

from __future__ import annotations

from policies.docs import PAGE, main


def test_page_of_policies_is_in_step_with_the_controls() -> None:
    assert main(["--check"]) == 0, f"{PAGE.name}: run python -m policies.docs"
