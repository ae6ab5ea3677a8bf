"""Readers and writers for other people's engines; each module needs its own library, and nothing else imports it."""
