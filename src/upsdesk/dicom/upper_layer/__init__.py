"""The DICOM upper layer (PS3.8) and DIMSE messages (PS3.7) on blocking sockets, one thread an association."""
