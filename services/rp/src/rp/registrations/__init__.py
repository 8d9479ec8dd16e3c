"""This client as each provider has registered it: the data, and the list that an operator writes."""
