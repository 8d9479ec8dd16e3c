"""The provider's endpoints, one file each, named as in the discovery document.

Those for machines are functions from a request to a reply; those for people are Quart views.
"""
