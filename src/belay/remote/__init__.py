"""Functions across the link: what the user's decorated functions become, and how a board's errors come home."""
