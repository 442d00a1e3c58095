"""Workers: the processes that compute, driven by what supervision says."""
