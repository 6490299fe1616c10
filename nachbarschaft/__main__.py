"""`python -m nachbarschaft`: the operator's command."""

from nachbarschaft.cli import main

main()
