"""The tour: drives the real window by mouse and keys through the whole job, and checks it from outside."""
