"""The details of the selected workitem."""
