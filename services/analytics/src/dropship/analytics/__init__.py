"""The numbers: what was earned, what it cost, and how both move.

Not its work: saying anything; nobody depends on it."""
