"""What a conversation is worth: evaluators, judges and their calibration against reviewers."""
