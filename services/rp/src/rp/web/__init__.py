"""What the pages are made of: cookies, forms, rendering, and the one renderer of errors."""
