"""What a test orders of a shop, and what it can learn of it."""
