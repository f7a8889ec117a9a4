"""The workitem editor: its fields, what they make of a data set, and the page."""
