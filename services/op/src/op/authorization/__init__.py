"""What happens to an authorization request between /authorize and its response; nothing here knows a framework."""
