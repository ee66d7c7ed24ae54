"""Trace stores that Hark polls."""
