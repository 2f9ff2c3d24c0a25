"""One module per recommendation of the guide that recorded facts can decide."""
