"""From a caller's bytes to the statements of one request, or a refusal."""
