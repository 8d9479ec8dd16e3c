"""Users, and what belongs to them."""
