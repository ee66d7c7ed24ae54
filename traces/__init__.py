"""The values every other package speaks of, and the store that keeps them."""
