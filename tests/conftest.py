"""What the tests share."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ci", derandomize=False, database=None, deadline=None, max_examples=30000)
settings.load_profile("ci")
