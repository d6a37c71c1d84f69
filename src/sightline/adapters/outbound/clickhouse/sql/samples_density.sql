SELECT
    greatest(0, least({count:Int64}, intDiv({newest:Int64} - toUnixTimestamp64Milli(ts), {width:Int64}))) AS span,
    count() AS rows
FROM samples
GROUP BY span
