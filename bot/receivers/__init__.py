"""What is told of alerts besides Slack: webhooks, PagerDuty, Opsgenie, mail. One module for each."""
