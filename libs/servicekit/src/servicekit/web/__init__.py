"""Requests and responses: endpoints, pages, parameters and proxies."""
