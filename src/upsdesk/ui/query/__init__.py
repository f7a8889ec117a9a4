"""What a server is asked for: the keys as chips, the page that builds them, and searches of any date."""
