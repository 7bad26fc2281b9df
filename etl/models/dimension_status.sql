-- The standing of every delivered row of a dimension in its load date. A dimension has no version, so of two
-- different rows of one key neither can be trusted; equal rows count once.
WITH ranked AS (
  SELECT
    *,
    row_number() OVER (PARTITION BY load_date, {key} ORDER BY source_object, source_line) AS place,
    min(content_hash) OVER (PARTITION BY load_date, {key}) AS least_content,
    max(content_hash) OVER (PARTITION BY load_date, {key}) AS most_content
  FROM contested
)
SELECT
  *,
  CASE
    WHEN least_content <> most_content THEN 'conflict'
    WHEN place = 1 THEN 'current'
    ELSE 'duplicate'
  END AS standing
FROM ranked
