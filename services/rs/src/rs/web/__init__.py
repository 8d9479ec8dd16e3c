"""How responses are made that no endpoint makes: errors."""
