"""The parts of a Hark, built from its settings and handed what they need: one module per floor of the house."""
