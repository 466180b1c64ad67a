"""Pages for people who decide: the same addresses, in a browser."""
