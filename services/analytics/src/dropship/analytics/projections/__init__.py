"""What analytics remembers of others' facts: rows that follow from events alone."""
