"""What pages have in common: cookies, CSRF tokens, parameters, rendering, errors. No decisions about a flow."""
