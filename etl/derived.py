"""The columns that a dataset derives from what was delivered."""

from etl.contract import Contract

_TRANSACTIONS = {
    "delivery_date": "CAST(market_local(delivery_start) AS DATE)",
    # Rows whose year is out of range are typed before they are rejected.
    "duration_minutes": "try_cast(duration_us // 60000000 AS INTEGER)",
    # Products of up to 18 digits are several times as fast as wider ones; both round half away from zero.
    "amount_eur": (
        "coalesce("
        "CAST(try_cast(quantity_mwh AS DECIMAL(9,6)) * try_cast(price_eur_mwh AS DECIMAL(9,6)) "
        "AS DECIMAL(18,6)), "
        "try_cast(CAST(quantity_mwh AS DECIMAL(20,6)) * CAST(price_eur_mwh AS DECIMAL(18,6)) "
        "AS DECIMAL(18,6)))"
    ),
}


def names(contract: Contract) -> tuple[str, ...]:
    """Names of the derived columns, without those of where and when a row was delivered."""
    return tuple(_TRANSACTIONS) if contract.name == "transactions" else ()


def derive(contract: Contract, relation: str) -> str:
    """SELECT of all columns of a relation of typed rows and the derived ones.

    For transactions also `duration_us`, the length of the delivery period in microseconds.
    """
    if contract.name != "transactions":
        return f"SELECT * FROM {relation}"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in _TRANSACTIONS.items())
    return (
        f"SELECT *, {columns} "
        f"FROM (SELECT *, epoch_us(delivery_end) - epoch_us(delivery_start) AS duration_us FROM {relation})"
    )
