"""The demonstration: every file below a directory is indexed by a task of its own."""
