import pytest


def pytest_configure(config: pytest.Config) -> None:
    # The AWS SDK announces its own deprecated aliases when it is imported, used or not.
    config.addinivalue_line(
        "filterwarnings", r"ignore:\S+ has been deprecated in favor of:DeprecationWarning"
    )
