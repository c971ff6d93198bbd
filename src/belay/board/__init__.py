"""What runs on the board, how values travel, and what the host knows of a firmware."""
