"""The endpoints, one file each: a parsed request in, a reply out."""
