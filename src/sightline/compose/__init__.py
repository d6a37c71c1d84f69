"""The composition root: settings become a running program. The only place that knows which adapter plays which role."""
