"""What we need from the outside: one role per file, each a written contract proven by one suite in tests/contracts."""
