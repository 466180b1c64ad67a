"""What payers ask for a procedure, side by side."""
