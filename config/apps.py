from django.apps import AppConfig

from config import environment
from studio import catalog


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """A wrong file of models stops the start, and not the first page."""
        try:
            catalog.models()
        except catalog.CatalogError as error:
            environment.stop("MODELS_FILE", f"is wrong: {error}")
