"""The pages, one file for each path; each is a function from the relying party and a request to a response."""
