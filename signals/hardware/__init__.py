"""Adapters to cabinets. They translate and decide nothing; only ``signals.runtime`` may import them."""
