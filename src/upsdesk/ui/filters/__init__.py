"""Filters on the screen: the saved ones, what is shown of each kind, and where they are without room."""
