"""What others say of flaws, by the form in which they say it; a reader for each yields the same statements."""
