ALTER TABLE probes MODIFY TTL ts + toIntervalSecond({seconds})
