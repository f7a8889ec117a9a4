"""Composition root: what is built in which order, and stopped in which order."""
