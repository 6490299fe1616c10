"""`python -m tests.benchmarks`: what `make bench` runs."""

from tests.benchmarks.command import main

main()
