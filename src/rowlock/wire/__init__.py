"""Values as every door shows them: plain dicts for JSON, the same names on each."""
