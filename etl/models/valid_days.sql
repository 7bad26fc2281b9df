-- From when to when each dimension row holds for a load date, without overlap. `candidates` are the rows of the newest
-- delivery up to the load date (preference 0) and of later deliveries (1, 2, … in order), which only fill what those
-- leave open.
WITH bounds AS (
  SELECT id, first_day AS day FROM candidates
  UNION
  SELECT id, end_day AS day FROM candidates
), spans AS (
  SELECT id, day AS first_day, lead(day) OVER (PARTITION BY id ORDER BY day) AS end_day FROM bounds
)
SELECT s.id, s.first_day, s.end_day, arg_min(c.contracted_power_kw, c.preference) AS contracted_power_kw
FROM spans AS s
JOIN candidates AS c ON c.id = s.id AND c.first_day <= s.first_day AND c.end_day >= s.end_day
WHERE s.end_day IS NOT NULL
GROUP BY s.id, s.first_day, s.end_day
