"""The questions people bring to the lake, kept as named queries beside the workgroup that asks them."""

from dataclasses import dataclass

from components.names import Names


@dataclass(frozen=True)
class NamedQuery:
    """A query in Athena's dialect over one database."""

    workgroup: str
    name: str
    description: str
    zone: str
    sql: str


def named_queries(names: Names) -> tuple[NamedQuery, ...]:
    """Return every named query of a stack; energy in MWh, money in EUR."""
    curated, processed = names.database("curated"), names.database("processed")
    return (
        NamedQuery(
            "analysts",
            "consumption-of-the-last-30-days",
            "Bought, sold and net energy by delivery day and bidding zone",
            "curated",
            f"""SELECT delivery_date, bidding_zone, sum(bought_mwh) AS bought_mwh, sum(sold_mwh) AS sold_mwh,
       sum(net_mwh) AS net_mwh, sum(net_cost_eur) AS net_cost_eur
FROM {curated}.daily_energy_consumption
WHERE delivery_date >= current_date - INTERVAL '30' DAY
GROUP BY delivery_date, bidding_zone
ORDER BY delivery_date, bidding_zone""",
        ),
        NamedQuery(
            "analysts",
            "incomplete-delivery-days",
            "Delivery days whose periods did not all arrive",
            "curated",
            f"""SELECT delivery_date, client_id, bidding_zone, periods_expected, periods_present, completeness
FROM {curated}.daily_energy_consumption
WHERE completeness < 1
ORDER BY delivery_date DESC, completeness""",
        ),
        NamedQuery(
            "reporting",
            "provider-ranking-by-day",
            "Delivered energy, market share and cancellations of each provider",
            "curated",
            f"""SELECT delivery_date, provider_id, delivered_mwh, market_share, vwap_eur_mwh,
       cancel_rate, late_rate
FROM {curated}.provider_performance
ORDER BY delivery_date DESC, delivered_mwh DESC""",
        ),
        NamedQuery(
            "reporting",
            "monthly-cost-by-client",
            "Consumption, cost and mean price of each client by month",
            "curated",
            f"""SELECT delivery_month, client_id, consumption_mwh, cost_eur, avg_price_eur_mwh,
       rank_by_consumption
FROM {curated}.client_analytics
ORDER BY delivery_month DESC, rank_by_consumption""",
        ),
        NamedQuery(
            "data-science",
            "load-profile-features",
            "Peak share, load factor and exposure of each client by month, as features",
            "curated",
            f"""SELECT delivery_month, client_id, consumption_mwh, peak_share, load_factor, max_quarter_mw,
       negative_price_exposure_eur, providers
FROM {curated}.client_analytics""",
        ),
        NamedQuery(
            "data-science",
            "quarter-hour-prices",
            "Mean price and volume of each delivery period and bidding zone",
            "processed",
            f"""SELECT delivery_start, bidding_zone, sum(quantity_mwh) AS volume_mwh,
       sum(quantity_mwh * price_eur_mwh) / nullif(sum(quantity_mwh), 0) AS vwap_eur_mwh
FROM {processed}.transactions
WHERE status <> 'CANCELLED'
GROUP BY delivery_start, bidding_zone
ORDER BY delivery_start, bidding_zone""",
        ),
    )
