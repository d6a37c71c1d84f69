"""Groups of metrics that jobs push before they end: what they hold, and how they change."""
