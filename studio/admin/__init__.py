from studio.admin import jobs, offers, workers

__all__ = ["jobs", "offers", "workers"]
