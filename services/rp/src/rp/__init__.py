"""The relying party: signs a person in at the provider and shows what the provider says of them."""
