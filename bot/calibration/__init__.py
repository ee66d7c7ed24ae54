"""What labels prove: thresholds, and what is proposed for judges."""
