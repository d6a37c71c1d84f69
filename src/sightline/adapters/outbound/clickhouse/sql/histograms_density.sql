WITH toUnixTimestamp64Milli(first) AS start
SELECT
    greatest(0, least({count:Int64}, intDiv({newest:Int64} - start, {width:Int64}))) AS oldest,
    greatest(0, least({count:Int64}, intDiv({newest:Int64} - start - span, {width:Int64}))) AS latest,
    intDiv(sum(weight), 16) AS samples_there
FROM histograms
GROUP BY oldest, latest
