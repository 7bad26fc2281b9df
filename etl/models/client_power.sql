-- The contracted power that holds for each client in each of `market_months`, from `client_deliveries`: that of the
-- newest delivery before the month's end, else of the next one.
WITH ranked AS (
  SELECT
    m.delivery_month,
    c.client_id,
    c.contracted_power_kw,
    row_number() OVER (
      PARTITION BY m.delivery_month, c.client_id
      ORDER BY
        CASE WHEN c.load_date < CAST(m.delivery_month + INTERVAL 1 MONTH AS DATE) THEN 0 ELSE 1 END,
        CASE
          WHEN c.load_date < CAST(m.delivery_month + INTERVAL 1 MONTH AS DATE) THEN -datediff('day', DATE '2000-01-01', c.load_date)
          ELSE datediff('day', DATE '2000-01-01', c.load_date)
        END
    ) AS place
  FROM client_deliveries AS c
  CROSS JOIN market_months AS m
)
SELECT delivery_month, client_id, contracted_power_kw
FROM ranked
WHERE place = 1
