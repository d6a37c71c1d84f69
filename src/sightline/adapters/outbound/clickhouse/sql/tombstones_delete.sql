DELETE FROM tombstones
WHERE tenant = {tenant:String} AND number = {number:UInt64} AND id IN {ids:Array(UInt64)}
SETTINGS lightweight_deletes_sync = 2
