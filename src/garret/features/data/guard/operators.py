"""Operators of MongoDB's aggregation that compare and compute; MongoDB's manual lists all there are.

Not here, and so refused: `$function`, `$accumulator`, `$where` (scripts), `$out`, `$merge` (writing),
`$rand` with no use, `$range` (rows from nothing), `$meta`, `$text`, `$jsonSchema`, and all that tells about
the server.
"""

from __future__ import annotations

from typing import Final

TESTS: Final = frozenset(
    """
    $all $elemMatch $eq $exists $gt $gte $in $lt $lte $mod $ne $nin $not $options $regex $size $type
    $geoWithin $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet
    """.split()
)
"""What may stand beside a field in a condition."""

COMPUTING: Final = frozenset(
    """
    $abs $acos $acosh $add $addToSet $allElementsTrue $and $anyElementTrue $arrayElemAt $arrayToObject
    $asin $asinh $atan $atan2 $atanh $avg $bottom $bottomN $ceil $cmp $concat $concatArrays $cond $convert
    $cos $cosh $count $covariancePop $covarianceSamp $dateAdd $dateDiff $dateFromParts $dateFromString
    $dateSubtract $dateToParts $dateToString $dateTrunc $dayOfMonth $dayOfWeek $dayOfYear
    $degreesToRadians $denseRank $derivative $divide $documentNumber $eq $exp $expMovingAvg $filter $first
    $firstN $floor $getField $gt $gte $hour $ifNull $in $indexOfArray $indexOfBytes $indexOfCP $integral
    $isArray $isNumber $isoDayOfWeek $isoWeek $isoWeekYear $last $lastN $let $linearFill $literal $ln
    $locf $log $log10 $lt $lte $ltrim $map $max $maxN $median $mergeObjects $millisecond $min $minN
    $minute $mod $month $multiply $ne $not $objectToArray $or $percentile $pow $push $radiansToDegrees
    $rank $reduce $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $reverseArray $round $rtrim
    $second $setDifference $setEquals $setField $setIntersection $setIsSubset $setUnion $shift $sin $sinh
    $size $slice $sortArray $split $sqrt $stdDevPop $stdDevSamp $strLenBytes $strLenCP $strcasecmp $substr
    $substrBytes $substrCP $subtract $sum $switch $tan $tanh $toBool $toDate $toDecimal $toDouble $toInt
    $toLong $toLower $toObjectId $toString $toUpper $top $topN $trim $trunc $type $unsetField $week $year
    $zip
    """.split()
)
"""What may stand where something is computed."""

VALUES: Final = frozenset(
    {"$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$uuid"}
)
"""Values in MongoDB's extended JSON."""

VARIABLES: Final = ("ROOT", "CURRENT", "NOW", "REMOVE", "DESCEND", "PRUNE", "KEEP")
