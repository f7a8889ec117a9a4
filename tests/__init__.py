"""The tests of UPS Desk; they mirror src/upsdesk."""
