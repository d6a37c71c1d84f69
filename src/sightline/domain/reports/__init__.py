"""What happened in a day or a week, told in one page."""
