"""Telling people: addresses, messages from templates, and sending them through Apprise."""
