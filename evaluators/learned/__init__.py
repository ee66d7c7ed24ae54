"""Layer 1: a small classifier per evaluator, learned from a team's own labels, and how well anything tells what labels say."""
