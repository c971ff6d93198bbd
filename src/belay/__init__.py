"""Use a MicroPython or CircuitPython board as if it were a part of your Python program."""
