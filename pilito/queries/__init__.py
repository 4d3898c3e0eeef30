"""Every SELECT as a named function; nothing here writes."""
