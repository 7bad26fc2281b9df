-- Daily energy and cost of each client, with what the newest delivery says of the client's supply.
WITH newest AS (
  SELECT client_id, MAX(load_date) AS load_date
  FROM raw_data.clients
  GROUP BY client_id
)
SELECT
  d.delivery_date,
  d.client_id,
  c.tariff,
  c.province,
  d.bidding_zone,
  d.bought_mwh,
  d.sold_mwh,
  d.net_mwh,
  d.net_cost_eur,
  d.vwap_buy_eur_mwh,
  d.completeness
FROM analytics.daily_energy_consumption AS d
LEFT JOIN newest AS n ON n.client_id = d.client_id
LEFT JOIN raw_data.clients AS c ON c.client_id = n.client_id AND c.load_date = n.load_date
