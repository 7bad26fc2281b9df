"""Services loaded ahead of their calls."""

from local.aws import Cloud
from local.emulator.warming import SERVICES
from local.provider.table import rows


def test_every_service_that_the_provider_calls_is_loaded_ahead() -> None:
    called = {row.service for row in rows().values() if row.standing == "created"}
    known = {"redshift-data" if name == "redshiftdata" else name for name in SERVICES}
    assert called <= known


def test_calls_are_answered_while_services_load_and_none_is_loaded_half(cloud: Cloud) -> None:
    for _ in range(2):
        assert cloud.control("POST", "warm")["services"] == list(SERVICES)
    # Moto alone has no such operation: Redshift's gaps are mended when the service is loaded.
    assert cloud.client("redshift").describe_usage_limits()["UsageLimits"] == []
    assert cloud.control("GET", "inventory") == {}
