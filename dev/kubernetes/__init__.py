"""The manifests of deploy/k8s: rendered, checked by rules, and reached from this machine."""
