"""Which functions may be called in each dialect: those that compute from their arguments alone.

Not here, and so refused: what reads or writes files, settings, sequences, locks, locations, the catalogue
or other sessions; what waits; what runs text as a query; what makes rows or very long values from nothing.
The names are looked up in the engines' manuals. `random` is here, since people draw samples; it changes
nothing.
"""

from __future__ import annotations

from typing import Final

_EVERYWHERE = """
    abs avg ceil ceiling coalesce concat count exp floor greatest least length ln lower ltrim max min mod
    nullif power round rtrim sign sqrt substring sum trim upper replace cume_dist dense_rank first_value
    lag last_value lead nth_value ntile percent_rank rank row_number
"""
_TRIGONOMETRY = "acos asin atan atan2 cos cot degrees log log10 log2 pi radians sin tan"
_SPREAD = "corr covar_pop covar_samp stddev stddev_pop stddev_samp var_pop var_samp variance"
_REGRESSION = """
    regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
"""

_DUCKDB = f"""
    {_TRIGONOMETRY} {_SPREAD} {_REGRESSION} acosh add age aggregate any_value approx_count_distinct
    approx_quantile approx_top_k arbitrary arg_max arg_min argmax argmin array array_agg array_aggregate
    array_append array_apply array_cat array_concat array_contains array_cosine_distance
    array_cosine_similarity array_distance array_distinct array_extract array_filter array_has
    array_has_all array_has_any array_indexof array_inner_product array_intersect array_length
    array_negative_inner_product array_position array_prepend array_reverse array_reverse_sort array_slice
    array_sort array_to_string array_transform array_unique array_value array_zip ascii asinh atanh bar
    bit_and bit_count bit_length bit_or bit_xor bool_and bool_or cardinality cbrt century char_length
    character_length chr concat_ws contains cosh count_if count_star countif damerau_levenshtein date_add
    date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth
    dayofweek dayofyear days_in_month decade divide editdist3 element_at ends_with entropy epoch epoch_ms
    epoch_ns epoch_us era even extract factorial favg fdiv filter first flatten fmod format_bytes fsum
    gamma gcd geomean geometric_mean greatest_common_divisor group_concat grouping grouping_id hamming
    hash hex histogram hour if ifnull instr isfinite isinf isnan isodow isoyear jaccard jaro_similarity
    jaro_winkler_similarity json json_array json_array_length json_contains json_exists json_extract
    json_extract_path json_extract_path_text json_extract_string json_group_array json_group_object
    json_keys json_object json_structure json_type json_valid json_value julian kurtosis kurtosis_pop last
    last_day lcase lcm least_common_multiple left len length_grapheme levenshtein lgamma list list_agg
    list_aggr list_aggregate list_any_value list_append list_apply list_avg list_bool_and list_bool_or
    list_cat list_concat list_contains list_cosine_distance list_cosine_similarity list_count
    list_distance list_distinct list_dot_product list_element list_extract list_filter list_first list_has
    list_has_all list_has_any list_indexof list_inner_product list_intersect list_last list_max list_mean
    list_median list_min list_mode list_negative_inner_product list_position list_prepend list_product
    list_reverse list_reverse_sort list_select list_slice list_sort list_stddev_pop list_stddev_samp
    list_string_agg list_sum list_transform list_unique list_value list_var_pop list_var_samp list_zip
    listagg lpad mad make_date make_time make_timestamp map map_contains map_entries map_extract map_keys
    map_values max_by md5 mean median microsecond millennium millisecond min_by minute mismatches mode
    month monthname multiply nextafter nfc_normalize now octet_length ord parse_filename position pow
    prefix product quantile quantile_cont quantile_disc quarter random regexp_escape regexp_extract
    regexp_extract_all regexp_full_match regexp_matches regexp_replace regexp_split_to_array repeat
    reverse right round_even rpad second sem sha1 sha256 signbit sinh skewness split split_part
    starts_with str_split str_split_regex strftime string_agg string_split string_split_regex
    string_to_array strip_accents strlen strpos strptime struct_extract struct_insert struct_keys
    struct_pack struct_values substr subtract suffix sumkahan tanh time_bucket timezone to_centuries
    to_days to_decades to_hours to_json to_microseconds to_milliseconds to_minutes to_months to_quarters
    to_seconds to_timestamp to_weeks to_years today translate trunc try try_strptime typeof ucase unbin
    unhex unicode unnest weighted_avg week weekday weekofyear wavg percentile_cont percentile_disc struct
    row xor year yearweek get_current_timestamp list_resize bitwise_and current_date exclude columns
    array_to_json row_to_json
"""

_SQLITE = f"""
    {_TRIGONOMETRY} acosh asinh atanh cast char concat_ws cosh date datetime format glob group_concat hex
    if ifnull iif instr json json_array json_array_length json_extract json_group_array json_group_object
    json_object json_type json_valid json_quote julianday like likelihood likely median nullif
    octet_length percentile percentile_cont percentile_disc pow printf quote random sinh strftime
    string_agg substr tanh time timediff total trunc typeof unhex unicode unixepoch unlikely
"""

_POSTGRES = f"""
    {_TRIGONOMETRY} {_SPREAD} {_REGRESSION} acosh age any_value array array_agg array_append array_cat
    array_dims array_length array_lower array_ndims array_position array_positions array_prepend
    array_remove array_replace array_to_json array_to_string array_upper ascii asinh atanh bit_and
    bit_count bit_length bit_or bit_xor bool_and bool_or btrim cardinality cbrt char_length
    character_length chr clock_timestamp concat_ws cosh date date_add date_bin date_part date_subtract
    date_trunc decode div encode erf every extract factorial format gcd grouping initcap isfinite json_agg
    json_array_length json_build_array json_build_object json_extract_path json_extract_path_text
    json_object_agg json_typeof jsonb_agg jsonb_array_length jsonb_build_array jsonb_build_object
    jsonb_extract_path jsonb_extract_path_text jsonb_object_agg jsonb_typeof justify_days justify_hours
    justify_interval lcm left lpad make_date make_interval make_time make_timestamp make_timestamptz md5
    mode now octet_length overlay percentile_cont percentile_disc position random regexp_count
    regexp_instr regexp_like regexp_match regexp_replace regexp_split_to_array regexp_substr repeat
    reverse right row row_to_json rpad scale sinh split_part starts_with statement_timestamp string_agg
    string_to_array strpos substr tanh timezone to_char to_date to_hex to_json to_jsonb to_number
    to_timestamp translate trim_array trunc unnest width_bucket sha256 starts_with trim_scale l2_distance
    inner_product cosine_distance l1_distance vector_dims vector_norm l2_normalize subvector
    binary_quantize hamming_distance jaccard_distance
"""

_MYSQL = f"""
    {_TRIGONOMETRY} adddate addtime any_value ascii avg bin bit_and bit_count bit_length bit_or bit_xor
    char char_length character_length concat_ws conv convert_tz crc32 curdate curtime date date_add
    date_format date_sub datediff day dayname dayofmonth dayofweek dayofyear elt extract field find_in_set
    format from_days from_unixtime group_concat grouping hex hour if ifnull instr inet_ntoa inet_aton
    isnull json_array json_arrayagg json_contains json_contains_path json_depth json_extract json_keys
    json_length json_object json_objectagg json_overlaps json_quote json_search json_type json_unquote
    json_valid json_value last_day lcase left locate lpad makedate maketime md5 microsecond mid minute
    month monthname now oct octet_length ord period_add period_diff position pow quarter quote rand
    regexp_instr regexp_like regexp_replace regexp_substr repeat reverse right rpad sec_to_time second
    sha1 sha2 soundex space std stddev stddev_pop stddev_samp str_to_date strcmp subdate substr
    substring_index subtime sysdate time time_format time_to_sec timediff timestamp timestampadd
    timestampdiff to_days to_seconds truncate ucase unhex unix_timestamp utc_date utc_time utc_timestamp
    values var_pop var_samp variance week weekday weekofyear year yearweek median percentile_cont
    percentile_disc st_x st_y
"""

_TRINO = f"""
    {_TRIGONOMETRY} {_SPREAD} {_REGRESSION} all_match any_match any_value approx_distinct
    approx_most_frequent approx_percentile arbitrary array_agg array_average array_distinct array_except
    array_intersect array_join array_max array_min array_position array_remove array_sort array_sum
    array_union arrays_overlap at_timezone bitwise_and bitwise_not bitwise_or bitwise_xor bool_and bool_or
    cardinality cbrt char_length chr codepoint combinations concat_ws contains contains_sequence cosh
    cosine_distance cosine_similarity count_if date date_add date_diff date_format date_parse date_trunc
    day day_of_month day_of_week day_of_year dow doy e element_at ends_with entropy every extract filter
    flatten format_datetime format_number from_base from_iso8601_date from_iso8601_timestamp from_unixtime
    geometric_mean grouping hamming_distance histogram hour human_readable_seconds if infinity is_finite
    is_infinite is_nan is_json_scalar json_array_contains json_array_get json_array_length json_exists
    json_extract json_extract_scalar json_format json_parse json_query json_size json_value kurtosis
    last_day_of_month levenshtein_distance listagg lpad luhn_check map map_agg map_concat map_entries
    map_filter map_from_entries map_keys map_union map_values max_by millisecond min_by minute month
    multimap_agg nan ngrams none_match normalize now nullif numeric_histogram parse_datetime position pow
    quarter rand random reduce regexp_count regexp_extract regexp_extract_all regexp_like regexp_position
    regexp_replace regexp_split reverse row rpad second sinh skewness slice soundex split split_part
    split_to_map starts_with strpos substr tanh timezone_hour timezone_minute to_base to_char to_date
    to_iso8601 to_milliseconds to_timestamp to_unixtime transform transform_keys transform_values
    translate trim_array truncate try typeof unnest url_extract_host url_extract_path url_extract_query
    week week_of_year width_bucket with_timezone word_stem year year_of_week yow zip zip_with timestamp
"""

ALLOWED: Final[dict[str, frozenset[str]]] = {
    dialect: frozenset(f"{_EVERYWHERE} {names}".split())
    for dialect, names in {
        "duckdb": _DUCKDB,
        "sqlite": _SQLITE,
        "postgres": _POSTGRES,
        "mysql": _MYSQL,
        "trino": _TRINO,
    }.items()
}

LENGTHENING: Final = frozenset({"repeat", "lpad", "rpad", "space", "list_resize"})
"""Functions whose count is a number in the query: a small one, or one short text fills the memory."""

FORMATTING: Final = frozenset({"format", "printf"})
"""Functions whose first argument says how wide a value is written."""

GROWING: Final = frozenset(
    {
        "replace",
        "regexp_replace",
        "translate",
        "concat",
        "concat_ws",
        "hex",
        "quote",
        "json_quote",
        *LENGTHENING,
    }
)
"""Functions that can make a text many times as long, and within each other a power of that."""

COLLATIONS: Final = frozenset(
    "nocase binary rtrim noaccent nfc c posix utf8mb4_bin utf8mb4_general_ci utf8mb4_unicode_ci".split()
)
