"""Benchmarks. `button`: button to Ready against a script written by hand. See README.md."""
