"""The windows in which admins change settings: what is sent back is read beside what is drawn."""
