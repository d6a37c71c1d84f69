DELETE FROM histograms
WHERE tenant = {tenant:String}
    AND metric IN {metrics:Array(UInt64)}
    AND id IN {ids:Array(UInt64)}
    AND first BETWEEN fromUnixTimestamp64Milli({early:Int64}, 'UTC') AND fromUnixTimestamp64Milli({end:Int64}, 'UTC')
    AND toUnixTimestamp64Milli(first) + span >= {start:Int64}
    AND seq < {before:UInt64}
SETTINGS lightweight_deletes_sync = 2
