"""The endpoints, one file each: functions from a parsed request to a reply."""
