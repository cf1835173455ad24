"""Benchmarks, run by hand: `python -m benchmarks` prints a table with the machine's facts."""
