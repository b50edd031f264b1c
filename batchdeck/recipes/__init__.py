"""What to ask for a page and what a good answer looks like: recipes, prompts and answer contracts."""
