"""DIMSE and data sets; synchronous; no Qt, no asyncio."""
