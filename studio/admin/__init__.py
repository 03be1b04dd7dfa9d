from studio.admin import archive, jobs, offers, queue, workers

__all__ = ["archive", "jobs", "offers", "queue", "workers"]
