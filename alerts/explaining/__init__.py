"""Where a change comes from, and the numbers and examples that show it."""
