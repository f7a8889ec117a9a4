"""New workitems out of what is there: clones, corrections, templates, files."""
