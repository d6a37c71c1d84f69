ALTER TABLE chunks MODIFY TTL first + toIntervalMillisecond(span) + toIntervalSecond({seconds})
