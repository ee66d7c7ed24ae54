"""Builders of what Slack shows: values in, plain Block Kit out, within Slack's limits by construction."""
