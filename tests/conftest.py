"""What the tests share."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("ci", derandomize=True, database=None, deadline=None, max_examples=300)
settings.load_profile("ci")
