"""The benchmarks of ``dev/bench``; each module is one benchmark and prints a table."""
