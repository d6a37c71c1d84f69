SELECT if(count() = 0, -1, toInt64(max(seq))) AS newest, max(toUnixTimestamp64Milli(first) + span) AS latest
FROM chunks
