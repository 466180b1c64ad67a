"""From verdicts to a decision: which editions are asked, what decided, what is missing."""
