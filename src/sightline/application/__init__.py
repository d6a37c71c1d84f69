"""What we do: one use case a file, named by its verb."""
