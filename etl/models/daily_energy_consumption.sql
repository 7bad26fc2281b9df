-- Energy bought and sold by client, zone and market-local day, from `deliveries` and `market_days`.
WITH totals AS (
  SELECT
    delivery_date,
    client_id,
    bidding_zone,
    sum(CASE WHEN side = 'BUY' THEN quantity_mwh ELSE 0 END) AS bought_mwh,
    sum(CASE WHEN side = 'SELL' THEN quantity_mwh ELSE 0 END) AS sold_mwh,
    sum(CASE WHEN side = 'BUY' THEN amount_eur ELSE 0 END) AS cost_eur,
    sum(CASE WHEN side = 'SELL' THEN amount_eur ELSE 0 END) AS revenue_eur,
    count(DISTINCT delivery_start) AS periods_present
  FROM deliveries
  WHERE status <> 'CANCELLED'
  GROUP BY delivery_date, client_id, bidding_zone
)
SELECT
  t.delivery_date,
  t.client_id,
  t.bidding_zone,
  t.bought_mwh,
  t.sold_mwh,
  t.bought_mwh - t.sold_mwh AS net_mwh,
  t.cost_eur,
  t.revenue_eur,
  t.cost_eur - t.revenue_eur AS net_cost_eur,
  exact_ratio(t.cost_eur, t.bought_mwh) AS vwap_buy_eur_mwh,
  d.periods_expected,
  t.periods_present,
  exact_ratio(t.periods_present, d.periods_expected) AS completeness
FROM totals AS t
JOIN market_days AS d ON d.delivery_date = t.delivery_date
