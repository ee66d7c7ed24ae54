"""The process: Slack, HTTP, the command line, the schedule and delivery."""
