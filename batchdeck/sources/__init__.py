"""Source files that are no PDFs: found, looked at, and read a record or a text at a time. Untrusted input."""
