"""What drives us, named by protocol."""
