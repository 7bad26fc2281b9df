"""What the dashboards show, as data: visuals over the gold tables, each column by its contract's name."""

from dataclasses import dataclass
from typing import Literal

Aggregation = Literal["SUM", "AVERAGE", "MAX", "MIN"]


@dataclass(frozen=True)
class Measure:
    """A number over rows: a column and how it is aggregated."""

    column: str
    aggregation: Aggregation


@dataclass(frozen=True)
class Visual:
    """One chart of one table: `by` is its axis, or its rows where it is a table; a KPI has none."""

    kind: Literal["line", "bar", "kpi", "table"]
    title: str
    table: str
    measures: tuple[Measure, ...]
    by: str | None = None
    colour: str | None = None


@dataclass(frozen=True)
class BoardPlan:
    """One dashboard: visuals of one or more tables on one sheet."""

    name: str
    title: str
    visuals: tuple[Visual, ...]


_DAILY, _PROVIDERS, _CLIENTS = "daily_energy_consumption", "provider_performance", "client_analytics"

BOARDS = (
    BoardPlan(
        "energy-consumption",
        "Energy consumption",
        (
            Visual("kpi", "Net energy, MWh", _DAILY, (Measure("net_mwh", "SUM"),)),
            Visual("kpi", "Net cost, EUR", _DAILY, (Measure("net_cost_eur", "SUM"),)),
            Visual(
                "line",
                "Energy bought and sold by day, MWh",
                _DAILY,
                (Measure("bought_mwh", "SUM"), Measure("sold_mwh", "SUM")),
                by="delivery_date",
            ),
            Visual(
                "bar",
                "Net energy by bidding zone, MWh",
                _DAILY,
                (Measure("net_mwh", "SUM"),),
                by="bidding_zone",
            ),
            Visual(
                "line",
                "Mean buying price by day, EUR/MWh",
                _DAILY,
                (Measure("vwap_buy_eur_mwh", "AVERAGE"),),
                by="delivery_date",
                colour="bidding_zone",
            ),
        ),
    ),
    BoardPlan(
        "provider-performance",
        "Provider performance",
        (
            Visual(
                "bar",
                "Delivered energy by provider, MWh",
                _PROVIDERS,
                (Measure("delivered_mwh", "SUM"),),
                by="provider_id",
            ),
            Visual(
                "line",
                "Cancelled and late share by day",
                _PROVIDERS,
                (Measure("cancel_rate", "AVERAGE"), Measure("late_rate", "AVERAGE")),
                by="delivery_date",
            ),
            Visual(
                "table",
                "Providers",
                _PROVIDERS,
                (
                    Measure("market_share", "AVERAGE"),
                    Measure("vwap_eur_mwh", "AVERAGE"),
                    Measure("revenue_eur", "SUM"),
                    Measure("negative_price_mwh", "SUM"),
                ),
                by="provider_id",
            ),
        ),
    ),
    BoardPlan(
        "client-analytics",
        "Client analytics",
        (
            Visual(
                "line",
                "Consumption by month, MWh",
                _CLIENTS,
                (Measure("peak_mwh", "SUM"), Measure("off_peak_mwh", "SUM")),
                by="delivery_month",
            ),
            Visual("bar", "Cost by client, EUR", _CLIENTS, (Measure("cost_eur", "SUM"),), by="client_id"),
            Visual(
                "table",
                "Clients",
                _CLIENTS,
                (
                    Measure("consumption_mwh", "SUM"),
                    Measure("avg_price_eur_mwh", "AVERAGE"),
                    Measure("load_factor", "AVERAGE"),
                    Measure("max_quarter_mw", "MAX"),
                    Measure("negative_price_exposure_eur", "SUM"),
                ),
                by="client_id",
            ),
        ),
    ),
)
