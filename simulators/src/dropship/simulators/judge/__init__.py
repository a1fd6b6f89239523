"""What tests use: the ledger of every request, faults to order, and the truth to read and set."""
