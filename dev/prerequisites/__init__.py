"""What some tests need besides Python packages: found, or installed where that is possible."""
