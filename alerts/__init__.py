"""What is abnormal: signals, baselines, detection and the life of an alert."""
