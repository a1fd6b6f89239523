"""The judgement: what a listing should cost and hold, and why.

Not its work: carrying a decision out (syncer)."""
