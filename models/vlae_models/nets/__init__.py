"""The float networks, as probability models."""
