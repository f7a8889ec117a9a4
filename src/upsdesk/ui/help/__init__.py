"""Help inside the window: pages, keyboard shortcuts, about."""
