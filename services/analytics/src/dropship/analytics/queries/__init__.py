"""What analytics answers."""
