-- Monthly consumption profile of each client, from `client_days`, `market_months` (hours of the market-local month) and
-- `client_power` (contracted power that holds for the month).
WITH totals AS (
  SELECT
    delivery_month,
    client_id,
    sum(consumption_mwh) AS consumption_mwh,
    sum(cost_eur) AS cost_eur,
    sum(peak_mwh) AS peak_mwh,
    sum(off_peak_mwh) AS off_peak_mwh,
    max(max_quarter_mw) AS max_quarter_mw,
    sum(negative_price_exposure_eur) AS negative_price_exposure_eur,
    array_length(list_distinct(flatten(array_agg(providers)))) AS providers
  FROM client_days
  GROUP BY delivery_month, client_id
)
SELECT
  t.delivery_month,
  t.client_id,
  t.consumption_mwh,
  t.cost_eur,
  exact_ratio(t.cost_eur, t.consumption_mwh) AS avg_price_eur_mwh,
  t.peak_mwh,
  t.off_peak_mwh,
  exact_ratio(t.peak_mwh, t.consumption_mwh) AS peak_share,
  exact_ratio(t.consumption_mwh * 1000, p.contracted_power_kw * m.hours) AS load_factor,
  t.max_quarter_mw,
  t.negative_price_exposure_eur,
  t.providers,
  rank() OVER (PARTITION BY t.delivery_month ORDER BY t.consumption_mwh DESC) AS rank_by_consumption
FROM totals AS t
JOIN market_months AS m ON m.delivery_month = t.delivery_month
LEFT JOIN client_power AS p ON p.delivery_month = t.delivery_month AND p.client_id = t.client_id
