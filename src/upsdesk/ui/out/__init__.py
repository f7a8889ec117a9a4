"""What leaves the window: files, prints, the clipboard."""
