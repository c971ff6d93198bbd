"""Servers for tests, each a process of its own: real sockets, real TLS, real faults."""
