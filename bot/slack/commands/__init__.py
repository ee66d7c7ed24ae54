"""The answers to ``/hark``, one module for each family of commands."""
