"""Benches: `python -m bench`, or `make bench`, measures Boomerang beside what somebody would take instead.

Each module with a `bench(options)` is one bench; `__main__` runs them and prints one table. docs/speed.md says what the
figures mean. Nothing here belongs to the product.
"""
