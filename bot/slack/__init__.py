"""Hark's face in Slack: values in, Block Kit out; what people click and type, in."""
