"""Where quarters lie: pure functions on outlines, points and coarse cells. No database, no clock, no I/O."""
