from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import belongings  # noqa: PLC0415 - models are not there yet when apps load

        belongings.register()
