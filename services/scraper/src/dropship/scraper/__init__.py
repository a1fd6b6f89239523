"""The eyes: looks at suppliers' pages and feeds, and says what is certain.

Knows no tenant and no job beyond the address of a feed; decides nothing about prices or listings.
"""
