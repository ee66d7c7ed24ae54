"""What reviewers' labels say of evaluators: thresholds, agreement, validity, drift, and which label to ask for next."""
