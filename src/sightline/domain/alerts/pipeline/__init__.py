"""What becomes of alerts between whoever made them and whoever is told."""
