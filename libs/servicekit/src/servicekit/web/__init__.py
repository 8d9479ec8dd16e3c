"""Requests and responses: the endpoints that machines call, the pages that people see, parameters, proxies."""
