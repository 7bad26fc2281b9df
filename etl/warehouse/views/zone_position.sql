-- Position of the whole book by day, bidding zone and market, cancelled transactions left out.
SELECT
  delivery_date,
  bidding_zone,
  market,
  COUNT(*) AS transactions,
  SUM(CASE WHEN side = 'BUY' THEN quantity_mwh ELSE -quantity_mwh END) AS net_mwh,
  SUM(CASE WHEN side = 'BUY' THEN amount_eur ELSE -amount_eur END) AS net_cost_eur,
  MIN(price_eur_mwh) AS lowest_eur_mwh,
  MAX(price_eur_mwh) AS highest_eur_mwh
FROM raw_data.transactions
WHERE status <> 'CANCELLED'
GROUP BY delivery_date, bidding_zone, market
