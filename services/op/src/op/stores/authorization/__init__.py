"""Records that wait for a person: login requests, pushed requests, devices; and consents."""
