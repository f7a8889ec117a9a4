"""Tests of the command line, in process where that is enough, as processes where it is not."""
