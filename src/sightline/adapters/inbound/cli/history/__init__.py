"""History from elsewhere: where it comes from, and how it is brought to the server."""
