"""Things that can be asked for samples."""
