"""What ``dev/bench`` measures; each module is one benchmark and prints a table."""
