"""Serve over HTTP what the reasoner decides; no verdict is reached here."""
