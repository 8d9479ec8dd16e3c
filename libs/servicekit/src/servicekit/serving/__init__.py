"""Serving an application: workers, draining and the shutdown of TLS connections."""
