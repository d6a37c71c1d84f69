ALTER TABLE histograms MODIFY TTL first + toIntervalMillisecond(span) + toIntervalSecond({seconds})
