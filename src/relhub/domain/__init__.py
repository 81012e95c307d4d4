"""The rules: pure functions over frozen records. No I/O, clock, randomness or framework."""
