"""Decide coverage requests against payers' policies, with a citation for every verdict."""
