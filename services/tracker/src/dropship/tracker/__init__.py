"""The memory: what is known of each product, how price and stock moved, and who watches it.

Not its work: reading a supplier (scraper) and judging what a change means for a listing (policy).
"""
