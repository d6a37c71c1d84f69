"""What the operating system gives every process: its clocks."""
