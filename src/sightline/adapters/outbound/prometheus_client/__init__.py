"""Our own metrics, kept by the Prometheus client library."""
