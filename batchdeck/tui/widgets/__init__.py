"""The building blocks of the screens. Widgets show and ask; they know no deck, no screen and no app."""
