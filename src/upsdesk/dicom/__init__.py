"""DIMSE over pydicom and pynetdicom; synchronous; no Qt, no asyncio."""
