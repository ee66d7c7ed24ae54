"""The stored hours, fed to the detectors, and what they know kept in line with them."""
