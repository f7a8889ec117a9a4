"""The Unified Procedure Step as values and rules; no Qt, pydicom, asyncio, clock or random inside."""
