"""What is wrong with Hark itself, or with what feeds it, as something to be told."""
