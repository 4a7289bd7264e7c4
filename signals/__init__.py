"""The adaptive signal controller, its safety guard and its evaluation."""
