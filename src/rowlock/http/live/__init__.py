"""Live events: one reader of the database for all who watch through this process."""
