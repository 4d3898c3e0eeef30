"""The measurements of `make bench`; docs/bench.md says how to read them."""
