"""What detection would tell: over stored history, with other settings, at all."""
