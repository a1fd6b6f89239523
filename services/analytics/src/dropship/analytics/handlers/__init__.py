"""What analytics hears."""
