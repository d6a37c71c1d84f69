ALTER TABLE samples MODIFY TTL ts + toIntervalSecond({seconds})
