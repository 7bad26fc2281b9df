-- Monthly consumption profile of each client, from `deliveries` (with is_peak), `market_months` (hours of the
-- market-local month) and `client_power` (contracted power that holds for the month).
WITH periods AS (
  SELECT
    delivery_month,
    client_id,
    delivery_start,
    duration_minutes,
    sum(quantity_mwh) AS period_mwh
  FROM deliveries
  WHERE status <> 'CANCELLED' AND side = 'BUY'
  GROUP BY delivery_month, client_id, delivery_start, duration_minutes
), most AS (  -- the ratio grows with its numerator, so one a length of period is enough
  SELECT delivery_month, client_id, duration_minutes, max(period_mwh) AS period_mwh
  FROM periods
  GROUP BY delivery_month, client_id, duration_minutes
), highest AS (
  SELECT delivery_month, client_id, max(exact_ratio(period_mwh * 60, duration_minutes)) AS max_quarter_mw
  FROM most
  GROUP BY delivery_month, client_id
), totals AS (
  SELECT
    delivery_month,
    client_id,
    sum(CASE WHEN side = 'BUY' THEN quantity_mwh ELSE 0 END) AS consumption_mwh,
    sum(CASE WHEN side = 'BUY' THEN amount_eur ELSE 0 END) AS cost_eur,
    sum(CASE WHEN side = 'BUY' AND is_peak THEN quantity_mwh ELSE 0 END) AS peak_mwh,
    sum(CASE WHEN side = 'BUY' AND NOT is_peak THEN quantity_mwh ELSE 0 END) AS off_peak_mwh,
    sum(CASE WHEN side = 'BUY' AND price_eur_mwh < 0 THEN amount_eur ELSE 0 END) AS negative_price_exposure_eur,
    count(DISTINCT CASE WHEN side = 'BUY' THEN provider_id END) AS providers
  FROM deliveries
  WHERE status <> 'CANCELLED'
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
  h.max_quarter_mw,
  t.negative_price_exposure_eur,
  t.providers,
  rank() OVER (PARTITION BY t.delivery_month ORDER BY t.consumption_mwh DESC) AS rank_by_consumption
FROM totals AS t
JOIN market_months AS m ON m.delivery_month = t.delivery_month
LEFT JOIN highest AS h ON h.delivery_month = t.delivery_month AND h.client_id = t.client_id
LEFT JOIN client_power AS p ON p.delivery_month = t.delivery_month AND p.client_id = t.client_id
