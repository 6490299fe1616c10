"""Whom to ask: pure functions over plain values. No session, no clock, no I/O."""
