"""Views of the schema reporting, one statement a file."""
