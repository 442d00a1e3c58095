"""Which nodes of sqlglot's tree may be in a query. What is not named here is refused.

`COMPUTING` are functions; their names are looked at once more in `functions`, and again in the text that is
written out. `PLAIN` are visited part by part; `LEAVES` have no parts that could name anything. Nodes with
rules of their own are in `resolving`.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp


def _classes(names: str) -> frozenset[type[exp.Expr]]:
    return frozenset(getattr(exp, name) for name in names.split())


COMPUTING: Final = _classes(
    """
    Abs Acos Acosh AnyValue ApproxDistinct ApproxQuantile ApproxTopK ArgMax ArgMin Array ArrayAgg
    ArrayAppend ArrayConcat ArrayContains ArrayContainsAll ArrayDistinct ArrayExcept ArrayFilter
    ArrayIntersect ArrayMax ArrayMin ArrayOverlaps ArrayPosition ArrayPrepend ArrayRemove ArrayReverse
    ArraySize ArraySlice ArraySort ArraySum ArrayToString Ascii Asin Asinh Atan Atan2 Atanh Avg BitLength
    BitwiseAndAgg BitwiseCount BitwiseOrAgg BitwiseXorAgg Case Cast CastToStrType Cbrt Ceil Chr Coalesce
    Columns Concat ConcatWs Contains ConvertTimezone Corr Cos Cosh CosineDistance Cot Count CountIf
    CovarPop CovarSamp CumeDist CurrentDate CurrentTime CurrentTimestamp Date DateAdd DateSub DateBin
    DateDiff DateFromParts DateTrunc Day DayOfMonth DayOfWeek DayOfWeekIso DayOfYear Dayname Decode
    Degrees DenseRank Elt Encode EndsWith EuclideanDistance Exists Exp Explode Extract Factorial First
    FirstValue Flatten Floor Format FromBase FromISO8601Date FromISO8601Timestamp Greatest GroupConcat
    Grouping GroupingId Hex Hour If Initcap IsInf IsNan JSONArray JSONArrayAgg JSONArrayContains
    JSONBObjectAgg JSONExtract JSONExtractScalar JSONBContains JSONBExtract JSONBExtractScalar JSONFormat
    JSONKeys JSONObject JSONObjectAgg JSONType JarowinklerSimilarity JustifyDays JustifyHours
    JustifyInterval Kurtosis Lag Last LastDay LastValue Lead Least Left Length Levenshtein Ln Log
    LogicalAnd LogicalOr Lower MD5 MakeInterval Map MapFromEntries MapKeys Max Median Min Minute Mode
    Month Monthname Normalize NthValue Ntile Nullif NumberToStr Overlay Pad ParseDatetime ParseJSON
    PercentRank PercentileCont PercentileDisc Pi Pow Quantile Quarter Radians Rand Rank Reduce RegexpCount
    RegexpExtract RegexpExtractAll RegexpFullMatch RegexpILike RegexpInstr RegexpLike RegexpReplace
    RegexpSplit RegexpSubstr RegrAvgx RegrAvgy RegrCount RegrIntercept RegrR2 RegrSlope RegrSxx RegrSxy
    RegrSyy Repeat Replace Reverse Right Round RowNumber SHA SHA2 SHA2Digest Second Sign Sin Sinh Skewness
    Soundex Space Split SplitPart Sqrt StartsWith Stddev StddevPop StddevSamp StrPosition StrToDate
    StrToMap StrToTime StringToArray Struct StructExtract Substring SubstringIndex Sum Tan Tanh Time
    TimeFromParts TimeToStr TimeToUnix Timestamp TimestampAdd TimestampDiff TimestampFromParts
    TimestampTrunc ToDays ToMap ToNumber Transform Translate Trim Trunc Try TryCast TsOrDsToDate
    TsOrDsToTimestamp Typeof Unhex Unicode UnixToTime Unnest Upper UtcDate UtcTime UtcTimestamp Variance
    VariancePop Week WeekOfYear WidthBucket Xor Year YearOfWeek DistanceNd
    """
)

PLAIN: Final = _classes(
    """
    Add Alias All And Any ArrayContainedBy AtTimeZone Between BitwiseAnd BitwiseLeftShift BitwiseNot
    BitwiseOr BitwiseRightShift BitwiseXor Bracket Cube DPipe Distance Distinct Div EQ Escape Filter GT
    GTE Glob Group GroupingSets Having HavingMax ILike IgnoreNulls In IntDiv Interval Is LT LTE Like Limit
    Mod Mul NEQ Neg Not NullSafeEQ NullSafeNEQ Offset Or Order Ordered Paren Qualify RespectNulls Rollup
    SimilarTo Slice Sub Tuple Where WithinGroup
    """
)

LEAVES: Final = _classes(
    """
    BitString Boolean HexString IntervalSpan JSONPath JSONPathKey JSONPathRoot JSONPathSlice
    JSONPathSubscript JSONPathWildcard Literal Null
    """
)

WORDS: Final = frozenset(
    """
    all both century day dayofweek dayofyear days day_hour day_minute day_second decade dow doy epoch hour
    hours hour_minute hour_second isodow isoyear julian leading microsecond microseconds millennium
    millisecond milliseconds minute minutes minute_second month months quarter quarters row second seconds
    timezone trailing week weekday weeks year years year_month day_of_week day_of_year year_of_week yow
    json
    """.split()
)
"""What a bare word that is no name may be: units of time, mostly."""

TYPES: Final = frozenset(
    """
    ARRAY BIGINT BINARY BIT BLOB BOOLEAN BPCHAR CHAR DATE DATETIME DECIMAL DOUBLE FLOAT INT INT128
    INTERVAL JSON JSONB LIST LONGTEXT MAP MEDIUMTEXT NCHAR NVARCHAR SMALLINT STRUCT TEXT TIME TIMESTAMP
    TIMESTAMPTZ TIMESTAMPLTZ TIMESTAMP_MS TIMESTAMP_NS TIMESTAMP_S TIMETZ TINYINT UBIGINT UINT USMALLINT
    UTINYINT UUID VARBINARY VARCHAR VECTOR YEAR CHARACTER_SET
    """.split()
)
NAMED_TYPES: Final = frozenset({"vector", "halfvec", "sparsevec"})
"""Types that sqlglot does not know, by the name that extensions give them."""
