"""A simulated city in which ways of asking volunteers are compared. The model: README.md beside this file."""
