"""Ways to reach an owner. E-mail first; each channel is one file."""
