"""Doors: console, public site, API, device gateway, command line, worker. Each parses, calls and renders; no more."""
