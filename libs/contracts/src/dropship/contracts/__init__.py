"""What may be said between services, and to the outside.

Strangers install this package to listen to us: it needs msgspec and the standard library, nothing
else. One file per noun, each in the same order: values, events, commands, queries.
"""
