"""Functions across the link: what decorated functions become, and how a board's errors come home."""
