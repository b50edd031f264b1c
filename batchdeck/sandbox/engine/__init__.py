"""The page engine: turns the text layer of a PDF page into the page contract. It looks at no pixels."""
