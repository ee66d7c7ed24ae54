"""What is stored, as people ask for it: figures, digests, exports."""
