"""What the tests of e2e/ share: running stacks, clients, scripted browsers."""
