CREATE TABLE IF NOT EXISTS raw_data.loaded_units (
  relation VARCHAR(127) NOT NULL ENCODE ZSTD,
  unit VARCHAR(10) NOT NULL ENCODE ZSTD,
  content VARCHAR(64) NOT NULL ENCODE ZSTD,
  row_count BIGINT NOT NULL ENCODE AZ64,
  loaded_at TIMESTAMP NOT NULL ENCODE AZ64,
  PRIMARY KEY (relation, unit)
)
DISTSTYLE ALL;

CREATE TABLE raw_data.providers (
  provider_id VARCHAR(5) NOT NULL ENCODE ZSTD,
  name VARCHAR(65535) NOT NULL ENCODE ZSTD,
  tax_id VARCHAR(9) NOT NULL ENCODE ZSTD,
  eic_code VARCHAR(16) NOT NULL ENCODE ZSTD,
  technology VARCHAR(12) NOT NULL ENCODE ZSTD,
  country VARCHAR(2) NOT NULL ENCODE ZSTD,
  valid_from DATE NOT NULL ENCODE AZ64,
  valid_to DATE ENCODE AZ64,
  load_date DATE NOT NULL ENCODE RAW,
  source_object VARCHAR(1024) NOT NULL ENCODE ZSTD,
  source_line BIGINT NOT NULL ENCODE AZ64,
  PRIMARY KEY (load_date, provider_id)
)
DISTSTYLE ALL
COMPOUND SORTKEY (load_date, provider_id);

CREATE TABLE raw_data.clients (
  client_id VARCHAR(7) NOT NULL ENCODE ZSTD,
  name VARCHAR(65535) NOT NULL ENCODE ZSTD,
  tax_id VARCHAR(9) NOT NULL ENCODE ZSTD,
  cups VARCHAR(22) NOT NULL ENCODE ZSTD,
  email VARCHAR(65535) ENCODE ZSTD,
  tariff VARCHAR(5) NOT NULL ENCODE ZSTD,
  contracted_power_kw DECIMAL(18,6) NOT NULL ENCODE AZ64,
  province VARCHAR(65535) NOT NULL ENCODE ZSTD,
  valid_from DATE NOT NULL ENCODE AZ64,
  valid_to DATE ENCODE AZ64,
  load_date DATE NOT NULL ENCODE RAW,
  source_object VARCHAR(1024) NOT NULL ENCODE ZSTD,
  source_line BIGINT NOT NULL ENCODE AZ64,
  PRIMARY KEY (load_date, client_id)
)
DISTSTYLE ALL
COMPOUND SORTKEY (load_date, client_id);

CREATE TABLE raw_data.transactions (
  transaction_id VARCHAR(11) NOT NULL ENCODE ZSTD,
  version INTEGER NOT NULL ENCODE AZ64,
  client_id VARCHAR(7) NOT NULL ENCODE ZSTD,
  provider_id VARCHAR(5) NOT NULL ENCODE ZSTD,
  side VARCHAR(4) NOT NULL ENCODE ZSTD,
  market VARCHAR(9) NOT NULL ENCODE ZSTD,
  bidding_zone VARCHAR(2) NOT NULL ENCODE ZSTD,
  delivery_start TIMESTAMP NOT NULL ENCODE AZ64,
  delivery_end TIMESTAMP NOT NULL ENCODE AZ64,
  quantity_mwh DECIMAL(18,6) NOT NULL ENCODE AZ64,
  price_eur_mwh DECIMAL(18,6) NOT NULL ENCODE AZ64,
  currency VARCHAR(3) NOT NULL ENCODE ZSTD,
  status VARCHAR(9) NOT NULL ENCODE ZSTD,
  executed_at TIMESTAMP NOT NULL ENCODE AZ64,
  updated_at TIMESTAMP NOT NULL ENCODE AZ64,
  load_date DATE NOT NULL ENCODE AZ64,
  source_object VARCHAR(1024) NOT NULL ENCODE ZSTD,
  source_line BIGINT NOT NULL ENCODE AZ64,
  delivery_date DATE NOT NULL ENCODE RAW,
  duration_minutes INTEGER NOT NULL ENCODE AZ64,
  amount_eur DECIMAL(18,6) NOT NULL ENCODE AZ64,
  PRIMARY KEY (delivery_date, transaction_id)
)
DISTSTYLE KEY DISTKEY (client_id)
COMPOUND SORTKEY (delivery_date, client_id, delivery_start);

CREATE TABLE analytics.daily_energy_consumption (
  delivery_date DATE NOT NULL ENCODE RAW,
  client_id VARCHAR(7) NOT NULL ENCODE ZSTD,
  bidding_zone VARCHAR(2) NOT NULL ENCODE ZSTD,
  bought_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  sold_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  net_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  cost_eur DECIMAL(24,6) NOT NULL ENCODE AZ64,
  revenue_eur DECIMAL(24,6) NOT NULL ENCODE AZ64,
  net_cost_eur DECIMAL(24,6) NOT NULL ENCODE AZ64,
  vwap_buy_eur_mwh DECIMAL(18,6) ENCODE AZ64,
  periods_expected INTEGER NOT NULL ENCODE AZ64,
  periods_present INTEGER NOT NULL ENCODE AZ64,
  completeness DECIMAL(9,6) NOT NULL ENCODE AZ64,
  PRIMARY KEY (delivery_date, client_id, bidding_zone)
)
DISTSTYLE KEY DISTKEY (client_id)
COMPOUND SORTKEY (delivery_date, client_id, bidding_zone);

CREATE TABLE analytics.provider_performance (
  delivery_date DATE NOT NULL ENCODE RAW,
  provider_id VARCHAR(5) NOT NULL ENCODE ZSTD,
  delivered_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  revenue_eur DECIMAL(24,6) NOT NULL ENCODE AZ64,
  vwap_eur_mwh DECIMAL(18,6) ENCODE AZ64,
  market_share DECIMAL(9,6) ENCODE AZ64,
  transactions BIGINT NOT NULL ENCODE AZ64,
  cancelled BIGINT NOT NULL ENCODE AZ64,
  amended BIGINT NOT NULL ENCODE AZ64,
  cancel_rate DECIMAL(9,6) ENCODE AZ64,
  late_rate DECIMAL(9,6) ENCODE AZ64,
  negative_price_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  PRIMARY KEY (delivery_date, provider_id)
)
DISTSTYLE KEY DISTKEY (provider_id)
COMPOUND SORTKEY (delivery_date, provider_id);

CREATE TABLE analytics.client_analytics (
  delivery_month DATE NOT NULL ENCODE RAW,
  client_id VARCHAR(7) NOT NULL ENCODE ZSTD,
  consumption_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  cost_eur DECIMAL(24,6) NOT NULL ENCODE AZ64,
  avg_price_eur_mwh DECIMAL(18,6) ENCODE AZ64,
  peak_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  off_peak_mwh DECIMAL(24,6) NOT NULL ENCODE AZ64,
  peak_share DECIMAL(9,6) ENCODE AZ64,
  load_factor DECIMAL(18,6) ENCODE AZ64,
  max_quarter_mw DECIMAL(18,6) ENCODE AZ64,
  negative_price_exposure_eur DECIMAL(24,6) NOT NULL ENCODE AZ64,
  providers BIGINT NOT NULL ENCODE AZ64,
  rank_by_consumption BIGINT NOT NULL ENCODE AZ64,
  PRIMARY KEY (delivery_month, client_id)
)
DISTSTYLE KEY DISTKEY (client_id)
COMPOUND SORTKEY (delivery_month, client_id);

CREATE VIEW reporting.energy_by_client AS
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
WITH NO SCHEMA BINDING;

CREATE VIEW reporting.provider_scorecard AS
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
WITH NO SCHEMA BINDING;

CREATE VIEW reporting.client_ranking AS
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
WITH NO SCHEMA BINDING;

CREATE VIEW reporting.zone_position AS
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
WITH NO SCHEMA BINDING;

CREATE VIEW reporting.load_status AS
SELECT
  relation,
  COUNT(*) AS units,
  SUM(row_count) AS row_count,
  MIN(unit) AS first_unit,
  MAX(unit) AS last_unit,
  MAX(loaded_at) AS last_loaded_at
FROM raw_data.loaded_units
WHERE unit <> ''
GROUP BY relation
WITH NO SCHEMA BINDING;

