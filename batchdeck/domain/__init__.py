"""Nouns and rules of the trade: frozen dataclasses, enums and pure functions. Standard library only."""
