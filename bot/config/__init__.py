"""The settings file and the environment: what may stand in them, part by part."""
