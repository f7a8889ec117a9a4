"""The command line; starts without PySide6 and pynetdicom."""
