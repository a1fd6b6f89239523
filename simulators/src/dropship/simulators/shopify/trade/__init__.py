"""What a shop sells: orders, their fees and refunds, and the buyers who make them."""
