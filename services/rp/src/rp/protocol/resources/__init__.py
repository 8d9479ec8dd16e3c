"""The responses of protected resources: UserInfo and the resource server."""
