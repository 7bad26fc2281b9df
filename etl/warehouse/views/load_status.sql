-- What each table of the warehouse holds and when it was last loaded, in UTC.
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
