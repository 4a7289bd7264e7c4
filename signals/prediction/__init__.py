"""From what detectors see to what will arrive: arrivals at the stop line, queues, blocked exits."""
