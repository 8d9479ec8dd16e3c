"""The relying party: signs users in at a provider and shows what the provider says about them."""
