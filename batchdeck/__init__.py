"""BatchDeck."""
