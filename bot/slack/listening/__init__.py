"""What Slack tells Hark: one module of listeners for each surface."""
