"""The shape of what is taken and given; no database, no current user, no rule."""
