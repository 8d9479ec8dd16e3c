"""The provider's endpoints, one file each, named as in the discovery document.

Those that clients call are functions from a request to a reply; those that users see are Quart views.
"""
