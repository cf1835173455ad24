"""The plans that engines share. They name statements, never dialects."""
