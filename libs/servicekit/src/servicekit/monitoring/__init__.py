"""Whether a service is alive and ready, and what it counts."""
