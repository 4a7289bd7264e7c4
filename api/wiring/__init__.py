"""Where the services are put together: Redis (or its stand-in in memory) and the evaluation worker.

The only package that imports redis.
"""
