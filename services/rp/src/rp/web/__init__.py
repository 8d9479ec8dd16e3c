"""What all pages use: cookies, forms, rendering, and error pages."""
