"""Who would be told of changes, read from the store of the demo's server."""
