"""The embedded UPS SCP."""
