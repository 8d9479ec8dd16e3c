"""The resource server: protects `GET /api/me` by introspection (Mode A) or by verifying the JWT (Mode B)."""
