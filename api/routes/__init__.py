"""One blueprint module per resource; each handler is one call into the house."""
