"""Use cases, split by verb: each is handed a Context, asks permission, writes, and never commits."""
