-- Daily delivery and quality of each provider, with its name, technology and country.
WITH newest AS (
  SELECT provider_id, MAX(load_date) AS load_date
  FROM raw_data.providers
  GROUP BY provider_id
)
SELECT
  d.delivery_date,
  d.provider_id,
  p.name AS provider,
  p.technology,
  p.country,
  d.delivered_mwh,
  d.revenue_eur,
  d.vwap_eur_mwh,
  d.market_share,
  d.transactions,
  d.cancel_rate,
  d.late_rate
FROM analytics.provider_performance AS d
LEFT JOIN newest AS n ON n.provider_id = d.provider_id
LEFT JOIN raw_data.providers AS p ON p.provider_id = n.provider_id AND p.load_date = n.load_date
