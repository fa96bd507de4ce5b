"""Explain one customer: why they are, or are not, in each audience and on each list."""

from audiences.sync.explain.explanation import explain

__all__ = ["explain"]
