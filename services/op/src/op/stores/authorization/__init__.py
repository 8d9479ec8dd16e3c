"""The stores of pending authorizations, pushed requests, device authorizations and consents."""
