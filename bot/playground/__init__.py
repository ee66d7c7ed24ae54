"""The playground: a simulated Slack workspace on loopback, so that Hark can be tried without Slack.

A double of Slack's Web API takes what the app posts, a page shows it, and an injector sends what people do
back to the app as real, signed Slack requests. The app runs unmodified.
"""
