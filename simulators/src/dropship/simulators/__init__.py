"""Suppliers that behave, fail and judge like the real ones; no code shared with services."""
