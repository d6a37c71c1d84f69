"""Status pages as readers get them: HTML, JSON, RSS, and badges."""
