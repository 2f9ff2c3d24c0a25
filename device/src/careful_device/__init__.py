"""The Careful agent for Linux devices."""
