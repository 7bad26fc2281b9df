"""The functions that the Athena stand-in knows, one row each: kind, DuckDB's name for it, result type.

A function that is not here is refused. `returns` is a Trino type, `arg0` for the type of the first argument,
or empty when only DuckDB knows it. A name starting with `athena_` is a macro of `macros.sql`.
Source: Athena engine version 3 and Trino documentation, "Functions and operators".
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Where a function may stand; an aggregate also works over a window."""

    SCALAR = "scalar"
    AGGREGATE = "aggregate"
    WINDOW = "window"


@dataclass(frozen=True)
class Function:
    """One function: Athena's name, kind, DuckDB's name, result type, allowed numbers of arguments."""

    name: str
    kind: Kind
    duckdb: str
    returns: str
    least: int
    most: int


def _rows(kind: Kind, text: str) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for line in text.strip().splitlines():
        name, duckdb, returns, arity = line.split()
        least, _, most = arity.partition("-")
        found[name] = Function(
            name,
            kind,
            name if duckdb == "=" else duckdb,
            "" if returns == "?" else returns,
            int(least),
            99 if most == "*" else int(most or least),
        )
    return found


SCALARS = _rows(
    Kind.SCALAR,
    """
    abs = arg0 1
    ceil = arg0 1
    ceiling ceil arg0 1
    floor = arg0 1
    round = arg0 1-2
    truncate trunc arg0 1
    mod * ? 2
    power = double 2
    pow power double 2
    sqrt = double 1
    cbrt athena_cbrt double 1
    exp = double 1
    ln = double 1
    log2 = double 1
    log10 = double 1
    log = double 2
    sign = arg0 1
    pi = double 0
    radians = double 1
    degrees = double 1
    sin = double 1
    cos = double 1
    tan = double 1
    asin = double 1
    acos = double 1
    atan = double 1
    atan2 = double 2
    random = double 0
    rand random double 0
    greatest * args 1-*
    least * args 1-*
    is_nan isnan boolean 1
    is_finite isfinite boolean 1
    is_infinite isinf boolean 1
    nan * double 0
    infinity * double 0
    width_bucket athena_width_bucket bigint 4
    bitwise_and * bigint 2
    bitwise_or * bigint 2
    bitwise_xor xor bigint 2
    length = bigint 1
    lower = varchar 1
    upper = varchar 1
    concat * arg0 2-*
    concat_ws = varchar 2-*
    substr athena_substr varchar 2-3
    substring athena_substr varchar 2-3
    strpos = bigint 2
    starts_with = boolean 2
    replace athena_replace varchar 2-3
    translate = varchar 3
    reverse athena_reverse arg0 1
    ltrim = varchar 1
    rtrim = varchar 1
    lpad = varchar 3
    rpad = varchar 3
    split string_split array(varchar) 2
    split_part athena_split_part varchar 3
    chr = varchar 1
    codepoint unicode integer 1
    levenshtein_distance levenshtein bigint 2
    hamming_distance hamming bigint 2
    regexp_like regexp_matches boolean 2
    regexp_extract athena_regexp_extract varchar 2-3
    regexp_extract_all = array(varchar) 2-3
    regexp_replace athena_regexp_replace varchar 2-3
    regexp_count athena_regexp_count bigint 2
    regexp_split string_split_regex array(varchar) 2
    url_encode = varchar 1
    url_decode = varchar 1
    to_utf8 encode varbinary 1
    from_utf8 decode varchar 1
    to_hex hex varchar 1
    from_hex unhex varbinary 1
    to_base64 = varchar 1
    from_base64 = varbinary 1
    md5 athena_md5 varbinary 1
    sha1 athena_sha1 varbinary 1
    sha256 athena_sha256 varbinary 1
    json_extract = json 2
    json_extract_scalar athena_json_scalar varchar 2
    json_parse json json 1
    json_format athena_to_varchar varchar 1
    json_array_length = bigint 1
    date athena_to_date date 1
    date_add * arg2 3
    date_diff * bigint 3
    date_trunc * arg1 2
    date_format * varchar 2
    date_parse * timestamp 2
    format_datetime * varchar 2
    parse_datetime * timestamptz 2
    from_iso8601_timestamp athena_from_iso8601_timestamp timestamptz 1
    from_iso8601_date athena_from_iso8601_date date 1
    to_iso8601 athena_to_iso8601 varchar 1
    from_unixtime athena_from_unixtime timestamptz 1
    to_unixtime epoch double 1
    at_timezone * timestamptz 2
    with_timezone * timestamptz 2
    now * timestamptz 0
    current_timezone * varchar 0
    year = bigint 1
    quarter = bigint 1
    month = bigint 1
    week = bigint 1
    week_of_year week bigint 1
    year_of_week isoyear bigint 1
    yow isoyear bigint 1
    day = bigint 1
    day_of_month day bigint 1
    day_of_week isodow bigint 1
    dow isodow bigint 1
    day_of_year dayofyear bigint 1
    doy dayofyear bigint 1
    hour = bigint 1
    minute = bigint 1
    second athena_second bigint 1
    millisecond athena_millisecond bigint 1
    last_day_of_month last_day date 1
    cardinality = bigint 1
    contains list_contains boolean 2
    element_at * ? 2
    array_distinct list_distinct arg0 1
    array_sort athena_array_sort arg0 1
    array_max athena_array_max ? 1
    array_min athena_array_min ? 1
    array_position athena_array_position bigint 2
    array_remove athena_array_remove arg0 2
    array_union athena_array_union arg0 2
    array_intersect list_intersect arg0 2
    array_except athena_array_except arg0 2
    arrays_overlap list_has_any boolean 2
    array_join athena_array_join varchar 2-3
    slice athena_slice arg0 3
    sequence generate_series array 2-3
    flatten = array 1
    transform list_transform array 2
    filter list_filter arg0 2
    reduce * ? 4
    any_match * boolean 2
    all_match * boolean 2
    none_match * boolean 2
    map = map 2
    map_keys = array 1
    map_values = array 1
    map_entries = array 1
    map_concat = arg0 2-*
    row = ? 1-*
    try = arg0 1
    """,
)
AGGREGATES = _rows(
    Kind.AGGREGATE,
    """
    count_if = bigint 1
    approx_distinct * bigint 1
    approx_percentile approx_quantile arg0 2
    arbitrary any_value arg0 1
    any_value = arg0 1
    array_agg = array 1
    bool_and = boolean 1
    bool_or = boolean 1
    every bool_and boolean 1
    min_by arg_min_null arg0 2
    max_by arg_max_null arg0 2
    stddev = double 1
    stddev_samp = double 1
    stddev_pop = double 1
    variance = double 1
    var_samp = double 1
    var_pop = double 1
    corr = double 2
    covar_samp = double 2
    covar_pop = double 2
    regr_slope = double 2
    regr_intercept = double 2
    geometric_mean geomean double 1
    """,
)
WINDOWS = _rows(
    Kind.WINDOW,
    """
    row_number = bigint 0
    rank = bigint 0
    dense_rank = bigint 0
    percent_rank = double 0
    cume_dist = double 0
    ntile = bigint 1
    lag = arg0 1-3
    lead = arg0 1-3
    first_value = arg0 1
    last_value = arg0 1
    nth_value = arg0 2
    """,
)
FUNCTIONS = SCALARS | AGGREGATES | WINDOWS
VARIANTS: dict[str, tuple[str, ...]] = {
    "athena_to_varchar": ("varchar", "timestamp", "timestamptz", "double", "any"),
    "athena_to_bigint": ("varchar", "double", "any"),
    "athena_to_date": ("varchar", "timestamptz", "any"),
    "athena_to_timestamp": ("varchar", "timestamptz", "any"),
    "athena_to_timestamptz": ("varchar", "timestamptz", "any"),
    "athena_to_boolean": ("varchar", "any"),
    "athena_to_double": ("varchar", "any"),
    "athena_wall": ("timestamptz", "any"),
    "athena_trunc": ("date", "timestamptz", "any"),
    "athena_plus": ("date", "timestamptz", "any"),
    "athena_to_iso8601": ("date", "timestamptz", "any"),
    "athena_reverse": ("varchar", "any"),
}
"""The macros with one variant for each type of their first argument."""
PARSED = ("coalesce", "nullif", "if", "count", "sum", "avg", "min", "max")
SYNTAX = ("cast", "try_cast", "extract", "trim", "position", "listagg")
SUPPORTED = tuple(sorted({*FUNCTIONS, *PARSED, *SYNTAX}))
