"""The arithmetic of money: pure, exact, and the same in every service."""
