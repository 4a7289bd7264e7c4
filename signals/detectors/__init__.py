"""From what loops tell to who is probably where: tracking, turns, health of detectors, what replaces dead ones."""
