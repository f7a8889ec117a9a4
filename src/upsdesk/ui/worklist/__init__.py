"""The worklist: table, filters, banners and what stands in place of rows."""
