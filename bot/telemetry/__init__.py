"""Hark's own figures and alerts, for the systems that a team watches everything else with."""
