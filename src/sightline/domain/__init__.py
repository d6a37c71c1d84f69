"""What things mean: pure and synchronous. No I/O, no clock, no logging."""
