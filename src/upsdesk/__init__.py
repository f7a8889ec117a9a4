"""UPS Desk: a desktop worklist manager for the DICOM Unified Procedure Step."""
