"""Taiwan's Urban Traffic Control Protocol, version 3.0 (MOTC, November 2004): frames, messages, driver."""
