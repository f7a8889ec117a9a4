"""The DIMSE services of the SCP: each decides on one request and says what to answer."""
