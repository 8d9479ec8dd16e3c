"""Clients: how they prove who they are, where their keys are, and how the provider reaches them."""
