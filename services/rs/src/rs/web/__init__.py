"""How errors become responses; this service has no pages."""
