-- The standing of every delivered version of the transactions in `contested`, as of each load date. The newest
-- (version, updated_at, load_date, content_hash) of a transaction is current; source_object and source_line settle
-- equal deliveries.
WITH versions AS (
  SELECT *, -version AS newest_first FROM contested
), ranked AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY as_of, transaction_id
      ORDER BY newest_first, updated_at DESC, load_date DESC, content_hash DESC, source_object, source_line
    ) AS place,
    row_number() OVER (
      PARTITION BY as_of, transaction_id, newest_first
      ORDER BY updated_at DESC, load_date DESC, content_hash DESC, source_object, source_line
    ) AS place_in_version,
    first_value(content_hash) OVER (
      PARTITION BY as_of, transaction_id, newest_first
      ORDER BY updated_at DESC, load_date DESC, content_hash DESC, source_object, source_line
    ) AS newest_content,
    max(CASE WHEN status <> 'CANCELLED' THEN 1 ELSE 0 END) OVER (PARTITION BY as_of, transaction_id) AS is_known
  FROM versions
)
SELECT
  *,
  CASE
    WHEN is_known = 0 THEN 'unknown_cancellation'
    WHEN place_in_version > 1 AND content_hash <> newest_content THEN 'conflict'
    WHEN place_in_version > 1 THEN 'duplicate'
    WHEN place = 1 THEN 'current'
    ELSE 'superseded'
  END AS standing
FROM ranked
