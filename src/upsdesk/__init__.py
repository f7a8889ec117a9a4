"""UPS Desk: a desktop worklist manager for the DICOM Unified Procedure Step."""

__version__ = "0.1.0"
"""Here and nowhere else: looking up the installed package costs 25 ms of `upsdesk --version`."""
