"""Measurements, each one command: `python -m benchmarks.<name>`. Ratios against a peer or a bound in the same run."""
