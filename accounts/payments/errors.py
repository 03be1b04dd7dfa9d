class PaymentError(Exception):
    pass


class Away(PaymentError):
    def __init__(self) -> None:
        super().__init__("The payment service does not answer. Try again in a minute.")
