"""The dashboard in the terminal. It shows and asks; the trade's rules are reached through the deck."""
