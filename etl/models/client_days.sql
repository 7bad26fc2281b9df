-- What each client bought by market-local month, from `deliveries` (with is_peak). Deliveries may be those of one day:
-- what a month is made of adds up. `providers` are those bought from, `max_quarter_mw` the highest mean power of a period.
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
    array_agg(DISTINCT provider_id) FILTER (WHERE side = 'BUY') AS providers
  FROM deliveries
  WHERE status <> 'CANCELLED'
  GROUP BY delivery_month, client_id
)
SELECT
  t.delivery_month,
  t.client_id,
  t.consumption_mwh,
  t.cost_eur,
  t.peak_mwh,
  t.off_peak_mwh,
  t.negative_price_exposure_eur,
  array_sort(t.providers) AS providers,
  h.max_quarter_mw
FROM totals AS t
LEFT JOIN highest AS h ON h.delivery_month = t.delivery_month AND h.client_id = t.client_id
