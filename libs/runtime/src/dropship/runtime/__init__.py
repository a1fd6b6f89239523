"""How a service lives: it hears, it does, it answers, and it never forgets what it said.

Knows the envelope and the work facts of `dropship.contracts`, and no other message by name.
"""
