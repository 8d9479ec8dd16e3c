"""The provider's metadata and keys, fetched and cached for `rs` and `rp`.

`documents.ProviderDocuments` is what a service creates, one for each issuer. This package fetches, caches and compares
the issuer; what a token has to contain is checked by each service in its own code.
"""
