"""Every function that the stand-in knows means what it means in Athena, by at least one example each.

Expected values follow Trino's documentation and engine (Athena engine version 3).
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.athena.access import everything
from local.athena.answer import run
from local.athena.catalog import Table
from local.athena.engine import Engine
from local.athena.errors import QueryError
from local.athena.functions import SUPPORTED, VARIANTS
from local.athena.resolve import resolve
from local.athena.results import spell
from local.athena.statement import Query, parse
from local.athena.translate import to_sql
from local.athena.zones import annotate_zones

# One line: expression => expected text (NULL for NULL).
EXAMPLES = r"""
abs(-3) => 3
abs(decimal '-1.50') => 1.50
ceil(1.2) => 2
ceiling(-1.2) => -1
floor(-1.2) => -2
round(2.5e0) => 3.0
round(-2.5e0) => -3.0
round(decimal '2.456', 2) => 2.460
round(decimal '2.5') => 3
truncate(2.7) => 2
mod(-7, 3) => -1
power(2, 10) => 1024.0
pow(2, 0.5e0) => 1.4142135623730951
sqrt(9) => 3.0
cbrt(27) => 3.0
exp(0) => 1.0
ln(1) => 0.0
log2(8) => 3.0
log10(1000) => 3.0
log(2, 8) => 3.0
sign(-5) => -1
round(pi(), 4) => 3.1416
degrees(0e0) => 0.0
radians(0e0) => 0.0
sin(0e0) => 0.0
cos(0e0) => 1.0
tan(0e0) => 0.0
asin(0e0) => 0.0
acos(1e0) => 0.0
atan(0e0) => 0.0
atan2(0e0, 1e0) => 0.0
random() >= 0e0 and rand() < 1e0 => true
greatest(1, 3, 2) => 3
greatest(1, NULL) => NULL
least(1e0, 0.5e0) => 0.5
least('b', 'a') => a
is_nan(nan()) => true
is_finite(1e0) => true
is_infinite(infinity()) => true
width_bucket(3.5e0, 0e0, 10e0, 5) => 2
bitwise_and(6, 3) => 2
bitwise_or(6, 3) => 7
bitwise_xor(6, 3) => 5
length('añb') => 3
lower('ÁB') => áb
upper('áb') => ÁB
concat('a', 'b', 'c') => abc
concat('a', NULL) => NULL
concat(array[1], array[2]) => [1, 2]
concat_ws('-', 'a', NULL, 'b') => a-b
substr('abcde', 2) => bcde
substr('abcde', 2, 3) => bcd
substr('abcde', -2) => de
substr('abcde', 0) =>
substring('abcde', 2, 1) => b
substring('abcde' from 4) => de
strpos('energy', 'r') => 4
position('r' in 'energy') => 4
starts_with('energy', 'en') => true
replace('a.b.c', '.') => abc
replace('a.b.c', '.', '-') => a-b-c
translate('abcd', 'ac', 'xy') => xbyd
reverse('abc') => cba
reverse(array[1, 2]) => [2, 1]
trim('  a ') => a
trim(both 'x' from 'xax') => a
ltrim('  a') => a
rtrim('a  ') => a
lpad('5', 3, '0') => 005
rpad('5', 3, '0') => 500
split('a,b', ',') => [a, b]
split_part('a,b,c', ',', 2) => b
split_part('a,b', ',', 3) => NULL
chr(65) => A
codepoint('A') => 65
levenshtein_distance('kitten', 'sitting') => 3
hamming_distance('abc', 'abd') => 1
regexp_like('E-2025', '\d{4}') => true
regexp_extract('E-2025', '\d+') => 2025
regexp_extract('E-2025', '(\w)-(\d+)', 2) => 2025
regexp_extract('E', '\d+') => NULL
regexp_extract_all('1a2b', '\d') => [1, 2]
regexp_replace('1a2b', '\d') => ab
regexp_replace('1a2b', '(\d)(\w)', '$2$1') => a1b2
regexp_count('1a2b', '\d') => 2
regexp_split('1a2b', '[a-z]') => [1, 2, ]
url_encode('a b/c') => a%20b%2Fc
url_decode('a%20b') => a b
from_utf8(to_utf8('ñ')) => ñ
to_hex(from_hex('0AFF')) => 0AFF
to_base64(to_utf8('hi')) => aGk=
from_utf8(from_base64('aGk=')) => hi
to_hex(md5(to_utf8('a'))) => 0CC175B9C0F1B6A831C399E269772661
to_hex(sha1(to_utf8('a'))) => 86F7E437FAA5A7FCE15D1DDCB9EAEAEA377667B8
substr(to_hex(sha256(to_utf8('a'))), 1, 8) => CA978112
json_extract_scalar('{"a": {"b": 5}}', '$.a.b') => 5
json_extract_scalar('{"a": {"b": 5}}', '$.a') => NULL
json_format(json_extract('{"a": {"b": 5}}', '$.a')) => {"b":5}
json_format(json_parse('[1]')) => [1]
json_array_length('[1, 2, 3]') => 3
date('2025-10-26') => 2025-10-26
date(timestamp '2025-10-26 23:59:59') => 2025-10-26
date_add('day', 1, date '2025-02-28') => 2025-03-01
date_add('month', 1, date '2025-01-31') => 2025-02-28
date_add('hour', -1, timestamp '2025-01-01 00:00:00') => 2024-12-31 23:00:00.000
date_add('quarter', 1, timestamp '2025-01-01 00:00:00') => 2025-04-01 00:00:00.000
date_diff('day', timestamp '2025-10-25 23:30:00', timestamp '2025-10-26 00:30:00') => 0
date_diff('day', date '2025-10-25', date '2025-10-26') => 1
date_diff('month', date '2025-01-31', date '2025-03-30') => 1
date_diff('hour', timestamp '2025-01-01 02:00:00', timestamp '2025-01-01 00:30:00') => -1
date_diff('millisecond', timestamp '2025-01-01 00:00:00', timestamp '2025-01-01 00:00:01') => 1000
date_trunc('month', date '2025-10-26') => 2025-10-01
date_trunc('hour', timestamp '2025-10-26 10:59:59') => 2025-10-26 10:00:00.000
date_trunc('week', date '2025-10-26') => 2025-10-20
date_format(timestamp '2025-01-02 15:04:05', '%d/%m/%Y %H:%i:%s') => 02/01/2025 15:04:05
date_format(date '2025-01-02', '%W %e %M %y %j') => Thursday 2 January 25 002
date_parse('02/01/2025 03:04', '%d/%m/%Y %H:%i') => 2025-01-02 03:04:00.000
format_datetime(timestamp '2025-01-02 03:04:05', 'yyyy-MM-dd''T''HH:mm') => 2025-01-02T03:04
parse_datetime('2025-01-02 03:04 +0200', 'yyyy-MM-dd HH:mm Z') => 2025-01-02 01:04:00.000 UTC
from_iso8601_timestamp('2025-10-26T02:30:00+01:00') => 2025-10-26 01:30:00.000 UTC
from_iso8601_timestamp('2025-10-26T02:30:00.5Z') => 2025-10-26 02:30:00.500 UTC
from_iso8601_date('2025-10-26') => 2025-10-26
to_iso8601(date '2025-10-26') => 2025-10-26
to_iso8601(timestamp '2025-10-26 01:02:03') => 2025-10-26T01:02:03.000
to_iso8601(from_unixtime(0)) => 1970-01-01T00:00:00.000Z
from_unixtime(1.5e0) => 1970-01-01 00:00:01.500 UTC
to_unixtime(timestamp '1970-01-02 00:00:00') => 86400.0
date_diff('second', now(), current_timestamp) => 0
current_timezone() => UTC
year(date '2025-10-26') => 2025
quarter(date '2025-10-26') => 4
month(timestamp '2025-10-26 00:00:00') => 10
week(date '2024-12-30') => 1
week_of_year(date '2024-12-30') => 1
year_of_week(date '2024-12-30') => 2025
yow(date '2024-12-30') => 2025
day(date '2025-10-26') => 26
day_of_month(date '2025-10-26') => 26
day_of_week(date '2025-10-26') => 7
dow(date '2025-10-27') => 1
day_of_year(date '2025-02-01') => 32
doy(date '2025-02-01') => 32
hour(timestamp '2025-01-01 13:14:15') => 13
minute(timestamp '2025-01-01 13:14:15') => 14
second(timestamp '2025-01-01 13:14:15.6') => 15
millisecond(timestamp '2025-01-01 13:14:15.6') => 600
last_day_of_month(date '2024-02-03') => 2024-02-29
extract(day_of_week from date '2025-10-26') => 7
cardinality(array[1, NULL]) => 2
cardinality(map(array['a'], array[1])) => 1
contains(array[1, 2], 2) => true
element_at(array[1, 2], -1) => 2
element_at(array[1, 2], 3) => NULL
element_at(map(array['a'], array[1]), 'b') => NULL
array_distinct(array[1, 1]) => [1]
array_sort(array[2, NULL, 1]) => [1, 2, null]
array_max(array[1, 3]) => 3
array_max(array[1, NULL]) => NULL
array_min(array[1, 3]) => 1
array_position(array['a', 'b'], 'b') => 2
array_position(array['a'], 'z') => 0
array_remove(array[1, 2, 1], 1) => [2]
cardinality(array_union(array[1], array[1, 2])) => 2
array_intersect(array[1, 2], array[2]) => [2]
array_except(array[1, 2], array[2]) => [1]
arrays_overlap(array[1], array[1, 2]) => true
array_join(array['a', NULL, 'b'], ',') => a,b
array_join(array['a', NULL], ',', '?') => a,?
slice(array[1, 2, 3], 2, 2) => [2, 3]
slice(array[1, 2, 3], -2, 1) => [2]
sequence(1, 3) => [1, 2, 3]
sequence(1, 5, 2) => [1, 3, 5]
flatten(array[array[1], array[2]]) => [1, 2]
transform(array[1, 2], x -> x * 10) => [10, 20]
filter(array[1, 2, 3], x -> x > 1) => [2, 3]
reduce(array[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10) => 60
any_match(array[1, 2], x -> x > 1) => true
any_match(array[1, NULL], x -> x > 1) => NULL
all_match(array[1, 2], x -> x > 1) => false
none_match(array[1, 2], x -> x > 2) => true
map_keys(map(array['a'], array[1])) => [a]
map_values(map(array['a'], array[1])) => [1]
cardinality(map_entries(map(array['a'], array[1]))) => 1
map_concat(map(array['a'], array[1]), map(array['b'], array[2])) => {a=1, b=2}
cast(row(1, 'b') as row(x integer, y varchar)) => {x=1, y=b}
try(1 / 0) => NULL
try(cast('x' as integer)) => NULL
at_timezone(timestamp '2025-10-25 23:30:00', 'Europe/Madrid') => 2025-10-26 01:30:00.000 Europe/Madrid
with_timezone(timestamp '2025-10-26 01:30:00', 'Europe/Madrid') => 2025-10-26 01:30:00.000 Europe/Madrid
coalesce(NULL, 2) => 2
nullif(1, 1) => NULL
if(1 > 2, 'a') => NULL
if(1 < 2, 'a', 'b') => a
cast(12.5e0 as varchar) => 1.25E1
cast(0e0 as varchar) => 0.0E0
cast(1e10 as varchar) => 1.0E10
cast(-0.001e0 as varchar) => -1.0E-3
cast(timestamp '2025-01-01 00:00:00' as varchar) => 2025-01-01 00:00:00.000
cast(true as varchar) => true
cast(decimal '1.50' as varchar) => 1.50
cast('abc' as varchar(2)) => ab
cast(2.5e0 as integer) => 3
cast(2.5 as bigint) => 3
cast('12' as integer) => 12
cast('1e3' as double) => 1000.0
cast('t' as boolean) => true
cast('2025-10-26 01:02:03' as timestamp) => 2025-10-26 01:02:03.000
cast('2025-10-26' as date) => 2025-10-26
cast('1.239' as decimal(4, 2)) => 1.24
cast('12.7' as real) => 12.7
try_cast('5.7' as integer) => NULL
try_cast(' 5' as integer) => NULL
try_cast('2025-10-26T01:02:03' as timestamp) => NULL
try_cast('yes' as boolean) => NULL
try_cast('2025/10/26' as date) => NULL
try_cast('abc' as double) => NULL
"""
AGGREGATES = r"""
count(*) => 4
count(x) => 3
count(distinct g) => 2
count_if(x > 1) => 2
sum(x) => 6
avg(x) => 2.0
sum(d) => 6.01
avg(d) => 2.00
min(g) => a
max(x) => 3
approx_distinct(g) => 2
approx_percentile(x, 0.5) => 2
arbitrary(x) is not null => true
any_value(x) is not null => true
array_agg(x order by x desc) filter (where x is not null) => [3, 2, 1]
bool_and(x > 0) => true
bool_or(x > 2) => true
every(x > 1) => false
min_by(g, x) => a
max_by(g, x) => b
stddev(x) => 1.0
stddev_samp(x) => 1.0
round(stddev_pop(x), 6) => 0.816497
variance(x) => 1.0
var_samp(x) => 1.0
round(var_pop(x), 6) => 0.666667
round(corr(x, x * 2), 6) => 1.0
covar_samp(x, x) => 1.0
round(covar_pop(x, x), 6) => 0.666667
regr_slope(x * 2, x) => 2.0
regr_intercept(x * 2 + 1, x) => 1.0
round(geometric_mean(x), 6) => 1.817121
listagg(g, '|') within group (order by g) => a|a|b|b
sum(x) / count(x) => 2
sum(d) / 3 => 2.00
cast(sum(x) as varchar) => 6
cast(avg(x) as varchar) => 2.0E0
sum(cast(x as double)) / 4 => 1.5
"""
WINDOWED = r"""
row_number() over (order by x desc) => [4, 3, 2, 1]
rank() over (order by g) => [1, 1, 3, 3]
dense_rank() over (order by g) => [1, 1, 2, 2]
percent_rank() over (order by x) => [0.0, 0.3333333333333333, 0.6666666666666666, 1.0]
cume_dist() over (order by g) => [0.5, 0.5, 1.0, 1.0]
ntile(2) over (order by x) => [1, 1, 2, 2]
lag(x) over (order by x) => [null, 1, 2, 3]
lead(x, 1, 0) over (order by x) => [2, 3, 4, 0]
first_value(x) over (order by x desc) => [4, 4, 4, 4]
last_value(x) over (order by x) => [1, 2, 3, 4]
nth_value(x, 2) over (order by x rows between unbounded preceding and unbounded following) => [2, 2, 2, 2]
sum(x) over (partition by g) => [3, 3, 7, 7]
avg(d) over () => [1.50, 1.50, 1.50, 1.50]
count(*) over (order by x rows between 1 preceding and current row) => [1, 2, 2, 2]
cast(sum(x) over () as varchar) => [10, 10, 10, 10]
"""


class NoTables:
    databases: tuple[str, ...] = ()

    def table(self, database: str, name: str) -> Table | None:
        del database, name
        return None

    def table_names(self, database: str) -> tuple[str, ...]:
        del database
        return ()


Ask = Callable[[str], list[tuple[str, ...]]]


def cases(text: str) -> list[tuple[str, str]]:
    found = [line.rpartition("=>") for line in text.strip().splitlines()]
    return [(expression.strip(), expected.strip()) for expression, _, expected in found]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Run a query without tables through the whole translation."""
    with Engine(tmp_path_factory.mktemp("engine")) as engine:

        def answer_to(sql: str) -> list[tuple[str, ...]]:
            query = parse(sql)
            assert isinstance(query, Query)
            resolved = resolve(query, NoTables(), None, everything)  # type: ignore[arg-type]
            annotate_zones(resolved.tree, sql)
            answer = run(engine, resolved, (), 60.0)
            return [tuple("NULL" if value is None else spell(value) for value in row) for row in answer.rows]

        yield answer_to


@pytest.mark.parametrize(("expression", "expected"), cases(EXAMPLES))
def test_scalar_example(ask: Ask, expression: str, expected: str) -> None:
    assert ask(f"SELECT {expression}") == [(expected,)]


@pytest.mark.parametrize(("expression", "expected"), cases(AGGREGATES))
def test_aggregate_example(ask: Ask, expression: str, expected: str) -> None:
    rows = "(1, 'a', DECIMAL '1.00'), (2, 'a', DECIMAL '2.01'), (3, 'b', DECIMAL '3.00'), (NULL, 'b', NULL)"

    assert ask(f"SELECT {expression} FROM (VALUES {rows}) AS t (x, g, d)") == [(expected,)]


@pytest.mark.parametrize(("expression", "expected"), cases(WINDOWED))
def test_window_example(ask: Ask, expression: str, expected: str) -> None:
    rows = "(1, 'a', DECIMAL '1.20'), (2, 'a', DECIMAL '1.40'), (3, 'b', DECIMAL '1.60')"
    rows += ", (4, 'b', DECIMAL '1.80')"

    answer = ask(f"SELECT x, {expression} AS w FROM (VALUES {rows}) AS t (x, g, d) ORDER BY x")

    assert f"[{', '.join('null' if w == 'NULL' else w for _, w in answer)}]" == expected


def test_every_supported_function_has_an_example() -> None:
    text = (EXAMPLES + AGGREGATES + WINDOWED).lower()
    shown = set(re.findall(r"(\w+)\s*\(", text))

    assert set(SUPPORTED) - shown == set()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 / 2", "3"),
        ("-7 / 2", "-3"),
        ("7 / 2e0", "3.5"),
        ("7.0 / 2", "3.5"),
        ("1e0 / 0", "Infinity"),
        ("decimal '10.000000' / 3", "3.333333"),
        ("decimal '2.000000' / 3", "0.666667"),
        ("cast(1 as decimal(18,6)) / decimal '8.00'", "0.125000"),
        (
            "decimal '123456789012.123456' * decimal '987654321012.123456'",
            "121932631126105775653343.138185383936",
        ),
        ("decimal '999999999999.999999' + decimal '999999999999.999999'", "1999999999999.999998"),
        ("-7 % 3", "-1"),
        ("'a' || NULL", "NULL"),
        ("1 IS DISTINCT FROM NULL", "true"),
        ("NULL = NULL", "NULL"),
        ("1 IN (2, NULL)", "NULL"),
        ("'a' LIKE 'A'", "false"),
        ("'50%' LIKE '50!%' ESCAPE '!'", "true"),
        ("date '2025-01-31' + interval '1' month", "2025-02-28"),
        ("timestamp '2025-01-01 00:00:00' + interval '90' minute", "2025-01-01 01:30:00.000"),
        ("timestamp '2025-01-02 00:00:00' - timestamp '2025-01-01 12:00:00'", "0 12:00:00.000"),
        ("array[10, 20][2]", "20"),
        ("map(array['a'], array[1])['a']", "1"),
        ("case when 1 = 1 then 1 else 2.5 end", "1.0"),
    ],
)
def test_operator_means_what_it_means_in_athena(ask: Ask, expression: str, expected: str) -> None:
    assert ask(f"SELECT {expression}") == [(expected,)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1 / 0", "DIVISION_BY_ZERO"),
        ("SELECT 1.0 / 0", "DIVISION_BY_ZERO"),
        ("SELECT 1 % 0", "DIVISION_BY_ZERO"),
        ("SELECT sum(x) / count(y) FROM (VALUES (1, CAST(NULL AS integer))) AS t (x, y)", "DIVISION_BY_ZERO"),
        ("SELECT cast('5.7' AS integer)", "INVALID_CAST_ARGUMENT"),
        ("SELECT cast('2025-10-26T00:00:00' AS timestamp)", "INVALID_CAST_ARGUMENT"),
        ("SELECT array[1, 2][3]", "INVALID_FUNCTION_ARGUMENT"),
        ("SELECT map(array['a'], array[1])['b']", "INVALID_FUNCTION_ARGUMENT"),
        ("SELECT cast(3000000000 AS integer)", "INVALID_CAST_ARGUMENT"),
        ("SELECT '5' = 5", "TYPE_MISMATCH"),
        ("SELECT date '2025-01-01' > '2024-01-01'", "TYPE_MISMATCH"),
        ("SELECT 'a' || 1", "TYPE_MISMATCH"),
        ("SELECT x, count(*) FROM (VALUES 1) AS t (x)", "EXPRESSION_NOT_AGGREGATE"),
        ("SELECT date_trunc('fortnight', now())", "INVALID_FUNCTION_ARGUMENT"),
        ("SELECT now() AT TIME ZONE 'Europe/Madird'", "INVALID_FUNCTION_ARGUMENT"),
        ("SELECT date_format(now(), '%Q')", "INVALID_FUNCTION_ARGUMENT"),
        ("SELECT row_number()", "MISSING_OVER"),
        ("SELECT lower()", "FUNCTION_NOT_FOUND"),
    ],
)
def test_what_fails_in_athena_fails_here_by_the_same_name(ask: Ask, sql: str, code: str) -> None:
    with pytest.raises(QueryError) as caught:
        ask(sql)

    assert caught.value.code == code
    assert "athena_" not in str(caught.value).lower()


def test_nulls_come_last_in_both_directions(ask: Ask) -> None:
    rows = "(VALUES 2, NULL, 1) AS t (x)"

    assert ask(f"SELECT x FROM {rows} ORDER BY x") == [("1",), ("2",), ("NULL",)]
    assert ask(f"SELECT x FROM {rows} ORDER BY x DESC") == [("2",), ("1",), ("NULL",)]
    assert ask(f"SELECT x FROM {rows} ORDER BY x NULLS FIRST") == [("NULL",), ("1",), ("2",)]


def test_identifiers_are_case_insensitive_even_in_quotes(ask: Ask) -> None:
    assert ask('SELECT "PRICE", Price FROM (VALUES 1) AS T (price)') == [("1", "1")]


def test_unnest_spreads_arrays_side_by_side_and_maps_into_two_columns(ask: Ask) -> None:
    assert ask("SELECT a, b FROM UNNEST(array[1, 2], array['x']) AS u (a, b)") == [("1", "x"), ("2", "NULL")]
    assert ask("SELECT k, v FROM UNNEST(map(array['a'], array[1])) AS u (k, v)") == [("a", "1")]
    assert ask("SELECT x, n FROM UNNEST(array['a', 'b']) WITH ORDINALITY AS u (x, n) ORDER BY n DESC") == [
        ("b", "2"),
        ("a", "1"),
    ]


def test_recursive_query_counts(ask: Ask) -> None:
    sql = "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT sum(n) FROM r"

    assert ask(sql) == [("10",)]


def test_decimal_branches_keep_the_larger_scale(ask: Ask) -> None:
    sql = "SELECT x / 1 FROM (SELECT DECIMAL '1.5' AS x UNION ALL SELECT DECIMAL '1.123456') AS t ORDER BY 1"

    assert ask(sql) == [("1.123456",), ("1.500000",)]


MADRID = "AT TIME ZONE 'Europe/Madrid'"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"date(timestamp '2025-10-25 22:30:00' {MADRID})", "2025-10-26"),
        (f"hour(timestamp '2025-10-26 00:30:00' {MADRID})", "2"),
        (f"hour(timestamp '2025-10-26 01:30:00' {MADRID})", "2"),
        (f"cast(timestamp '2025-10-26 01:30:00' {MADRID} AS timestamp)", "2025-10-26 02:30:00.000"),
        (
            f"cast(timestamp '2025-03-30 01:00:00' {MADRID} AS varchar)",
            "2025-03-30 03:00:00.000 Europe/Madrid",
        ),
        (
            f"date_trunc('day', timestamp '2025-10-26 12:00:00' {MADRID})",
            "2025-10-26 00:00:00.000 Europe/Madrid",
        ),
        (
            f"date_trunc('hour', timestamp '2025-10-26 01:59:00' {MADRID})",
            "2025-10-26 02:00:00.000 Europe/Madrid",
        ),
        (
            f"date_add('day', 1, timestamp '2025-10-25 22:00:00' {MADRID})",
            "2025-10-27 00:00:00.000 Europe/Madrid",
        ),
        (
            f"date_add('hour', 24, timestamp '2025-10-25 22:00:00' {MADRID})",
            "2025-10-26 23:00:00.000 Europe/Madrid",
        ),
        (f"date_diff('day', timestamp '2025-10-25 22:00:00' {MADRID}, timestamp '2025-10-26 23:00:00')", "1"),
        (
            f"date_diff('hour', timestamp '2025-10-25 22:00:00', timestamp '2025-10-26 23:00:00' {MADRID})",
            "25",
        ),
        (f"format_datetime(timestamp '2025-06-01 00:00:00' {MADRID}, 'HH:mm')", "02:00"),
        (f"extract(hour from timestamp '2025-06-01 00:00:00' {MADRID})", "2"),
        ("timestamp '2025-06-01 00:00:00 Europe/Madrid' = timestamp '2025-05-31 22:00:00'", "true"),
        (
            f"coalesce(timestamp '2025-06-01 00:00:00' {MADRID}, NULL)",
            "2025-06-01 02:00:00.000 Europe/Madrid",
        ),
    ],
)
def test_zoned_moment_is_read_on_its_own_clock(ask: Ask, expression: str, expected: str) -> None:
    assert ask(f"SELECT {expression}") == [(expected,)]


def test_zone_is_carried_through_a_subquery(ask: Ask) -> None:
    sql = (
        f"WITH t AS (SELECT timestamp '2025-10-25 22:30:00' {MADRID} AS m) "
        "SELECT date(m), hour(m), m FROM (SELECT m FROM t) AS s"
    )

    assert ask(sql) == [("2025-10-26", "0", "2025-10-26 00:30:00.000 Europe/Madrid")]


def test_each_macro_variant_exists() -> None:
    text = Path(__import__("local.athena", fromlist=["x"]).__file__ or "").with_name("macros.sql").read_text()

    for name, kinds in VARIANTS.items():
        assert f"CREATE MACRO {name}(" in text
        for kind in kinds:
            assert f"CREATE MACRO {name}__{kind}(" in text, f"{name}__{kind}"


def test_translation_is_printed_for_duckdb() -> None:
    query = parse(
        "SELECT date_diff('day', a, b) FROM (VALUES (date '2025-01-01', date '2025-01-02')) AS t (a, b)"
    )
    assert isinstance(query, Query)
    resolved = resolve(query, NoTables(), None, everything)  # type: ignore[arg-type]

    assert "DATE_SUB('day'" in to_sql(resolved.tree)
