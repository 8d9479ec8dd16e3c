"""What protected resources respond to an access token: UserInfo and the resource server."""
