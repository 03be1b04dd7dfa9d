from studio.admin import jobs, offers, queue, workers

__all__ = ["jobs", "offers", "queue", "workers"]
