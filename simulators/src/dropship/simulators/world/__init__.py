"""What is true: products, prices and stocks that move by a seed on a virtual clock."""
