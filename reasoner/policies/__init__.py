"""From shapes to criteria: what a policy asks, as a small tree and as plain SHACL."""
