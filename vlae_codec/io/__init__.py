"""Pictures from and to files, arrays and streams."""
