"""The hands: makes each marketplace agree with the state that was decided.

Not its work: deciding that state (policy)."""
