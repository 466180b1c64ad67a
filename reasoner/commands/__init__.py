"""The commands whose bodies are too long for the command line's own module."""
