"""The resource server: guards `GET /api/me` by introspection (Mode A) or by verifying the JWT itself (Mode B)."""
