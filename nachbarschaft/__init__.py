"""What neighbours may do: use cases, permissions, ports and their wiring."""
