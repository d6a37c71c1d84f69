"""What we drive, named by technology."""
