"""What a file is and what it cost, as records."""
