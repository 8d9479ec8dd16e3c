"""The only issuer of codes and tokens."""
