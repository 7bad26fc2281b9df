-- Athena's functions where DuckDB lacks the name or gives it another meaning.
-- Where the meaning depends on the argument's type there is a macro for each: `<name>__<type>`, `__any` for what
-- is left, and `<name>` itself with overloads, by which DuckDB chooses when the translation knows no type. (It
-- cannot choose by the type of an aggregate; those types the translation knows.)
-- Bad input fails by a cast that cannot succeed, not by error(): TRY must be able to catch it.

-- Arithmetic: integers divide to integers; a decimal's quotient is rounded half up at its own scale.
CREATE MACRO athena_divide(a INTEGER, b INTEGER) AS a // b, (a BIGINT, b BIGINT) AS a // b, (a DOUBLE, b DOUBLE) AS a / b,
  (a DECIMAL, b DECIMAL) AS CAST('decimals of unknown scale cannot be divided' AS INTEGER);
CREATE MACRO athena_quotient(a, b) AS
  CAST(sign(a) AS INTEGER) * CAST(sign(b) AS INTEGER) * ((2 * abs(a) + abs(b)) // (2 * abs(b)));
CREATE MACRO athena_cbrt(a) AS CASE
  WHEN a = 0 THEN CAST(a AS DOUBLE) ELSE cbrt(a) - (cbrt(a) * cbrt(a) * cbrt(a) - a) / (3 * cbrt(a) * cbrt(a)) END;
CREATE MACRO athena_width_bucket(x, low, high, n) AS CASE
  WHEN x < low THEN 0 WHEN x >= high THEN n + 1
  ELSE CAST(floor(CAST(x - low AS DOUBLE) / CAST(high - low AS DOUBLE) * n) AS BIGINT) + 1 END;

-- Casts.
CREATE MACRO athena_scientific(whole, fraction) AS CASE
  WHEN whole <> '0' THEN whole[1] || '.' || coalesce(nullif(rtrim(whole[2:] || fraction, '0'), ''), '0') || 'E' || (length(whole) - 1)
  ELSE ltrim(fraction, '0')[1] || '.' || coalesce(nullif(ltrim(fraction, '0')[2:], ''), '0') || 'E-' || (length(fraction) - length(ltrim(fraction, '0')) + 1) END;
CREATE MACRO athena_plain_double(text) AS
  CASE WHEN contains(text, 'e')
    THEN regexp_replace(split_part(text, 'e', 1), '^(\d)$', '\1.0') || 'E' || CAST(CAST(split_part(text, 'e', 2) AS INTEGER) AS VARCHAR)
    ELSE athena_scientific(split_part(text, '.', 1), split_part(text, '.', 2)) END;
CREATE MACRO athena_double_text(a) AS CASE
  WHEN a IS NULL THEN NULL WHEN isnan(a) THEN 'NaN' WHEN isinf(a) THEN CASE WHEN a > 0 THEN 'Infinity' ELSE '-Infinity' END
  WHEN a = 0 THEN '0.0E0'
  WHEN a < 0 THEN '-' || athena_plain_double(CAST(abs(a) AS VARCHAR))
  ELSE athena_plain_double(CAST(a AS VARCHAR)) END;
CREATE MACRO athena_to_varchar__varchar(a) AS a;
CREATE MACRO athena_to_varchar__timestamp(a) AS strftime(a, '%Y-%m-%d %H:%M:%S.%g');
CREATE MACRO athena_to_varchar__timestamptz(a) AS strftime(timezone('UTC', a), '%Y-%m-%d %H:%M:%S.%g') || ' UTC';
CREATE MACRO athena_to_varchar__double(a) AS athena_double_text(CAST(a AS DOUBLE));
CREATE MACRO athena_to_varchar__any(a) AS CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT')
  THEN athena_double_text(TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE)) ELSE CAST(a AS VARCHAR) END;
CREATE MACRO athena_to_varchar(a VARCHAR) AS athena_to_varchar__varchar(a),
  (a TIMESTAMP) AS athena_to_varchar__timestamp(a), (a TIMESTAMPTZ) AS athena_to_varchar__timestamptz(a),
  (a DATE) AS CAST(a AS VARCHAR), (a) AS athena_to_varchar__any(a);

CREATE MACRO athena_to_bigint__varchar(a) AS CAST(CASE WHEN regexp_full_match(a, '[+-]?\d+') THEN a ELSE 'no whole number: ' || a END AS BIGINT);
CREATE MACRO athena_to_bigint__double(a) AS CAST(round(a) AS BIGINT);
CREATE MACRO athena_to_bigint__any(a) AS CASE WHEN typeof(a) IN ('DOUBLE', 'FLOAT')
  THEN CAST(round(TRY_CAST(CAST(a AS VARCHAR) AS DOUBLE)) AS BIGINT) ELSE CAST(a AS BIGINT) END;
CREATE MACRO athena_to_bigint(a VARCHAR) AS athena_to_bigint__varchar(a), (a) AS athena_to_bigint__any(a);

CREATE MACRO athena_to_date__varchar(a) AS CAST(CASE WHEN regexp_full_match(a, '\s*\d{4}-\d{1,2}-\d{1,2}\s*') THEN a ELSE 'no date: ' || a END AS DATE);
CREATE MACRO athena_to_date__timestamptz(a) AS CAST(timezone('UTC', a) AS DATE);
CREATE MACRO athena_to_date__any(a) AS CAST(a AS DATE);
CREATE MACRO athena_to_date(a VARCHAR) AS athena_to_date__varchar(a), (a TIMESTAMPTZ) AS athena_to_date__timestamptz(a),
  (a) AS athena_to_date__any(a);

CREATE MACRO athena_to_timestamp__varchar(a) AS CAST(CASE
    WHEN regexp_full_match(a, '\s*\d{4}-\d{1,2}-\d{1,2}(\s+\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*') THEN a
    ELSE 'no timestamp: ' || a END AS TIMESTAMP);
CREATE MACRO athena_to_timestamp__timestamptz(a) AS timezone('UTC', a);
CREATE MACRO athena_to_timestamp__any(a) AS CAST(a AS TIMESTAMP);
CREATE MACRO athena_to_timestamp(a VARCHAR) AS athena_to_timestamp__varchar(a),
  (a TIMESTAMPTZ) AS athena_to_timestamp__timestamptz(a), (a) AS athena_to_timestamp__any(a);

CREATE MACRO athena_to_timestamptz__varchar(a) AS CAST(a AS TIMESTAMPTZ);
CREATE MACRO athena_to_timestamptz__timestamptz(a) AS a;
CREATE MACRO athena_to_timestamptz__any(a) AS timezone('UTC', CAST(a AS TIMESTAMP));
CREATE MACRO athena_to_timestamptz(a VARCHAR) AS athena_to_timestamptz__varchar(a), (a TIMESTAMPTZ) AS a,
  (a) AS athena_to_timestamptz__any(a);

CREATE MACRO athena_to_boolean__varchar(a) AS CAST(CASE
    WHEN lower(a) IN ('true', 't', '1') THEN 'true' WHEN lower(a) IN ('false', 'f', '0') THEN 'false'
    ELSE 'no boolean: ' || a END AS BOOLEAN);
CREATE MACRO athena_to_boolean__any(a) AS CAST(a AS BOOLEAN);
CREATE MACRO athena_to_boolean(a VARCHAR) AS athena_to_boolean__varchar(a), (a) AS athena_to_boolean__any(a);

CREATE MACRO athena_to_double__varchar(a) AS CAST(CASE
    WHEN regexp_full_match(a, '\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*|NaN|[+-]?Infinity') THEN a
    ELSE 'no double: ' || a END AS DOUBLE);
CREATE MACRO athena_to_double__any(a) AS CAST(a AS DOUBLE);
CREATE MACRO athena_to_double(a VARCHAR) AS athena_to_double__varchar(a), (a) AS athena_to_double__any(a);

-- Time. DuckDB's session is UTC, so its own date parts of an instant are UTC's.
CREATE MACRO athena_wall__timestamptz(a) AS timezone('UTC', a);
CREATE MACRO athena_wall__any(a) AS a;
CREATE MACRO athena_wall(a TIMESTAMPTZ) AS timezone('UTC', a), (a) AS a;
CREATE MACRO athena_trunc__date(a, unit) AS CAST(date_trunc(unit, a) AS DATE);
CREATE MACRO athena_trunc__timestamptz(a, unit) AS timezone('UTC', date_trunc(unit, timezone('UTC', a)));
CREATE MACRO athena_trunc__any(a, unit) AS date_trunc(unit, a);
CREATE MACRO athena_trunc(a DATE, unit) AS athena_trunc__date(a, unit),
  (a TIMESTAMP, unit) AS athena_trunc__any(a, unit), (a TIMESTAMPTZ, unit) AS athena_trunc__timestamptz(a, unit);
CREATE MACRO athena_plus__any(a, months, days, micros) AS
  a + to_months(CAST(months AS INTEGER)) + to_days(CAST(days AS INTEGER)) + to_microseconds(micros);
CREATE MACRO athena_plus__date(a, months, days, micros) AS
  CAST(a + to_months(CAST(months AS INTEGER)) + to_days(CAST(days AS INTEGER)) + to_microseconds(micros) AS DATE);
CREATE MACRO athena_plus__timestamptz(a, months, days, micros) AS
  timezone('UTC', athena_plus__any(timezone('UTC', a), months, days, micros));
CREATE MACRO athena_plus(a DATE, months, days, micros) AS athena_plus__date(a, months, days, micros),
  (a TIMESTAMP, months, days, micros) AS athena_plus__any(a, months, days, micros),
  (a TIMESTAMPTZ, months, days, micros) AS athena_plus__timestamptz(a, months, days, micros);
CREATE MACRO athena_from_iso8601_timestamp(a) AS CAST(CASE
    WHEN regexp_full_match(a, '\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}([.,]\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?')
    THEN CASE
      WHEN regexp_matches(a, 'T\d{2}(Z|[+-]|$)') THEN regexp_replace(a, '(T\d{2})', '\1:00')
      ELSE replace(a, ',', '.') END
    ELSE 'no ISO 8601 timestamp: ' || a END AS TIMESTAMPTZ);
CREATE MACRO athena_from_iso8601_date(a) AS CAST(CASE WHEN regexp_full_match(a, '\d{4}-\d{2}-\d{2}') THEN a ELSE 'no ISO 8601 date: ' || a END AS DATE);
CREATE MACRO athena_to_iso8601__date(a) AS CAST(a AS VARCHAR);
CREATE MACRO athena_to_iso8601__timestamptz(a) AS strftime(timezone('UTC', a), '%Y-%m-%dT%H:%M:%S.%g') || 'Z';
CREATE MACRO athena_to_iso8601__any(a) AS strftime(a, '%Y-%m-%dT%H:%M:%S.%g');
CREATE MACRO athena_to_iso8601(a DATE) AS athena_to_iso8601__date(a), (a TIMESTAMP) AS athena_to_iso8601__any(a),
  (a TIMESTAMPTZ) AS athena_to_iso8601__timestamptz(a);
CREATE MACRO athena_from_unixtime(a) AS to_timestamp(CAST(a AS DOUBLE));
CREATE MACRO athena_second(a) AS CAST(second(a) AS BIGINT);
CREATE MACRO athena_millisecond(a) AS millisecond(a) % 1000;

-- Text.
CREATE MACRO athena_substr(s, start) AS CASE
    WHEN start > 0 THEN substr(s, start) WHEN start < 0 AND -start <= length(s) THEN substr(s, start) ELSE substr(s, 1, 0) END,
  (s, start, size) AS CASE
    WHEN size <= 0 THEN substr(s, 1, 0) WHEN start > 0 THEN substr(s, start, size)
    WHEN start < 0 AND -start <= length(s) THEN substr(s, start, size) ELSE substr(s, 1, 0) END;
CREATE MACRO athena_split_part(s, delimiter, i) AS CASE WHEN i > len(string_split(s, delimiter)) THEN NULL ELSE split_part(s, delimiter, i) END;
CREATE MACRO athena_replace(s, search) AS replace(s, search, ''), (s, search, replacement) AS replace(s, search, replacement);
CREATE MACRO athena_reverse__varchar(a) AS reverse(a);
CREATE MACRO athena_reverse__any(a) AS list_reverse(a);
CREATE MACRO athena_reverse(a VARCHAR) AS reverse(a), (a) AS list_reverse(a);
CREATE MACRO athena_regexp_extract(s, pattern) AS CASE WHEN regexp_matches(s, pattern) THEN regexp_extract(s, pattern) END,
  (s, pattern, i) AS CASE WHEN regexp_matches(s, pattern) THEN regexp_extract(s, pattern, i) END;
CREATE MACRO athena_regexp_replace(s, pattern) AS regexp_replace(s, pattern, '', 'g'),
  (s, pattern, replacement) AS regexp_replace(s, pattern, regexp_replace(replacement, '\$(\d)', '\\\1', 'g'), 'g');
CREATE MACRO athena_regexp_count(s, pattern) AS len(regexp_extract_all(s, pattern));
CREATE MACRO athena_json_scalar(a, path) AS CASE
  WHEN json_type(json_extract(a, path)) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL ELSE json_extract_string(a, path) END;
CREATE MACRO athena_sha256(a) AS unhex(sha256(a));
CREATE MACRO athena_sha1(a) AS unhex(sha1(a));
CREATE MACRO athena_md5(a) AS unhex(md5(a));

-- Arrays and maps.
CREATE MACRO athena_array_item(a, i) AS a[CASE
  WHEN i < 1 OR i > len(a) THEN CAST('array subscript ' || i || ' is outside 1..' || len(a) AS BIGINT) ELSE i END];
CREATE MACRO athena_map_item(m, k) AS map_extract(m, k)[CASE
  WHEN k IS NOT NULL AND NOT map_contains(m, k) THEN CAST('key not present in map: ' || k AS BIGINT) ELSE 1 END];
CREATE MACRO athena_array_sort(a) AS list_sort(a, 'ASC', 'NULLS LAST');
CREATE MACRO athena_array_max(a) AS CASE WHEN len(a) = len(list_filter(a, lambda e: e IS NOT NULL)) THEN list_max(a) END;
CREATE MACRO athena_array_min(a) AS CASE WHEN len(a) = len(list_filter(a, lambda e: e IS NOT NULL)) THEN list_min(a) END;
CREATE MACRO athena_array_position(a, e) AS CASE WHEN a IS NOT NULL AND e IS NOT NULL THEN coalesce(list_position(a, e), 0) END;
CREATE MACRO athena_array_remove(a, e) AS list_filter(a, lambda x: x <> e);
CREATE MACRO athena_array_union(a, b) AS list_distinct(list_concat(a, b));
CREATE MACRO athena_array_except(a, b) AS list_distinct(list_filter(a, lambda x: NOT list_contains(b, x)));
CREATE MACRO athena_array_join(a, delimiter) AS array_to_string(a, delimiter),
  (a, delimiter, missing) AS array_to_string(list_transform(a, lambda x: coalesce(CAST(x AS VARCHAR), missing)), delimiter);
CREATE MACRO athena_slice(a, start, size) AS CASE
  WHEN start > 0 THEN list_slice(a, start, start + size - 1)
  WHEN start < 0 THEN list_slice(a, len(a) + start + 1, len(a) + start + size) END;
CREATE MACRO athena_any(m) AS CASE
  WHEN list_bool_or(m) THEN TRUE WHEN len(list_filter(m, lambda e: e IS NULL)) > 0 THEN NULL WHEN m IS NULL THEN NULL ELSE FALSE END;
CREATE MACRO athena_every(m) AS CASE
  WHEN NOT list_bool_and(m) THEN FALSE WHEN len(list_filter(m, lambda e: e IS NULL)) > 0 THEN NULL WHEN m IS NULL THEN NULL ELSE TRUE END;
