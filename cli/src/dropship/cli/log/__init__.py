"""Looking at the event log: reading streams, and telling the life of a thing with its causes."""
