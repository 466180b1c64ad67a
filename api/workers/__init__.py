"""Processes that work for callers, so that none can hold up another."""
