"""SQLite 3.37 and newer, through the standard library; also the memory engine."""
