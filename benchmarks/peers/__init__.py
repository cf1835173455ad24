"""Rowlock beside its peers: `python -m benchmarks.peers`; `README.md` in this folder tells more."""
