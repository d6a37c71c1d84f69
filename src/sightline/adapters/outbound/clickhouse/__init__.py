"""Metrics in ClickHouse: the schema, the statements, and the engine in this process."""
