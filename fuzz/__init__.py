"""Random input for hours, found by coverage: `make fuzz`."""
