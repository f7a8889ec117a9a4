"""What happened in this run, newest first."""
