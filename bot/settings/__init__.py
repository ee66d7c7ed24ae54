"""What admins set in Slack, over the settings file."""
