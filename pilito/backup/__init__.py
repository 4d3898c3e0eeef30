"""Everything Pilito keeps in one file, and back: the database, our copies of files, the keys where it is encrypted."""
