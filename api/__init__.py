"""Delivery: HTTP, web pages and the one command."""
