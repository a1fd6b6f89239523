"""What a shop holds, and the mutations that change it."""
