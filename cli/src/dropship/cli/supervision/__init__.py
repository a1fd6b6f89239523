"""Keeps programs running: started in order, restarted after a crash, stopped in reverse order.

Knows nothing of this product. Why it is our own: docs/decisions/0002-own-supervisor.md.
"""
