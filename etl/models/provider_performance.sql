-- Delivery and quality of each provider by market-local day, from `deliveries`.
WITH totals AS (
  SELECT
    delivery_date,
    provider_id,
    sum(CASE WHEN side = 'BUY' AND status <> 'CANCELLED' THEN quantity_mwh ELSE 0 END) AS delivered_mwh,
    sum(CASE WHEN side = 'BUY' AND status <> 'CANCELLED' THEN amount_eur ELSE 0 END) AS revenue_eur,
    count(*) AS transactions,
    sum(CASE WHEN status = 'CANCELLED' THEN 1 ELSE 0 END) AS cancelled,
    sum(CASE WHEN status = 'AMENDED' THEN 1 ELSE 0 END) AS amended,
    sum(CASE WHEN status <> 'CANCELLED' AND executed_at > delivery_start THEN 1 ELSE 0 END) AS late,
    sum(
      CASE WHEN side = 'BUY' AND status <> 'CANCELLED' AND price_eur_mwh < 0 THEN quantity_mwh ELSE 0 END
    ) AS negative_price_mwh
  FROM deliveries
  GROUP BY delivery_date, provider_id
), market AS (
  SELECT delivery_date, sum(delivered_mwh) AS all_mwh
  FROM totals
  GROUP BY delivery_date
)
SELECT
  t.delivery_date,
  t.provider_id,
  t.delivered_mwh,
  t.revenue_eur,
  exact_ratio(t.revenue_eur, t.delivered_mwh) AS vwap_eur_mwh,
  exact_ratio(t.delivered_mwh, m.all_mwh) AS market_share,
  t.transactions,
  t.cancelled,
  t.amended,
  exact_ratio(t.cancelled, t.transactions) AS cancel_rate,
  exact_ratio(t.late, t.transactions - t.cancelled) AS late_rate,
  t.negative_price_mwh
FROM totals AS t
JOIN market AS m ON m.delivery_date = t.delivery_date
