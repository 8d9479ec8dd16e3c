"""Serving an application: workers, draining, the end of TLS connections."""
