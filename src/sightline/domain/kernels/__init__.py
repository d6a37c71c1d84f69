"""Arrays in, arrays out, compiled by Numba."""
