ALTER TABLE series MODIFY TTL last_seen + toIntervalSecond({seconds})
