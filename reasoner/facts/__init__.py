"""What a request's statements mean: classified, derived, and laid out to be judged."""
