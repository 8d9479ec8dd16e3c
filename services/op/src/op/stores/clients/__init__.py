"""The stores of clients and of used assertions, and the counter of registrations."""
