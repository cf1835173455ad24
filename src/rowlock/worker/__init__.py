"""The worker: claims tasks from a database and runs them, and does the upkeep."""
