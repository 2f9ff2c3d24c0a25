"""Careful: the FTC's guide *Careful Connections* as a working system for makers of connected devices."""

__version__ = "0.1.0"
