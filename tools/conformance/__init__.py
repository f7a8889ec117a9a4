"""The DICOM Conformance Statement: prose in statement.md, tables and numbers from those of the program."""
