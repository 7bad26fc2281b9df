-- Monthly consumption profile of each client and its place among all.
SELECT
  delivery_month,
  rank_by_consumption,
  client_id,
  consumption_mwh,
  cost_eur,
  avg_price_eur_mwh,
  peak_share,
  load_factor,
  providers
FROM analytics.client_analytics
