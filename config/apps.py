from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from config import environment
from gallery import credentials
from studio import catalog


class StaffConfig(AdminConfig):
    default_site = "config.staff.StaffSite"


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """A wrong file that the environment names stops the start, and not the first page."""
        try:
            catalog.models()
        except catalog.CatalogError as error:
            environment.stop("MODELS_FILE", f"is wrong: {error}")
        try:
            credentials.check()
        except credentials.CertificateError as error:
            environment.stop(error.name, error.why)
        from accounts import terms  # noqa: PLC0415 - models are not there yet when this is read

        try:
            terms.check()
        except terms.TextError as error:
            environment.stop("TERMS_DIR", str(error))
