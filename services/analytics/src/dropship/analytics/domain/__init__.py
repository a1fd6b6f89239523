"""What the numbers are: pure sums, and nothing that could be different the next time."""
