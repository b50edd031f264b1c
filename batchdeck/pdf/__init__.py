"""Source files: scan (untrusted, bounded), split, text layer, links, page images. No network, no deck."""
