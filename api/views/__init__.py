"""What each resource says, as data."""
