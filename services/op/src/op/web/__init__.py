"""What the pages are made of: cookies, CSRF tokens, parameters, language, rendering, errors; no flow is decided."""
