"""Faults around a call: what may be known of it, which rule strikes, what comes of it."""
