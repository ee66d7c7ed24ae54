"""The demo: the whole loop on this machine, on simulated conversations, without a Slack workspace."""
