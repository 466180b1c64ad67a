"""What whoever writes a policy uses: house rules, and the page of the vocabulary."""
