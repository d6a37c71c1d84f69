"""What we keep in plain files: the data folder and the write-ahead log."""
