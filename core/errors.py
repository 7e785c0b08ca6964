"""The errors a person sees: what, where, and the way out; never a word of a letter."""


class LetteraError(Exception):
    """A mistake the user can mend; the command line prints it in one line and exits with 1."""


class BadInput(LetteraError):
    """A file or a record cannot be used as it is."""


class UnknownName(LetteraError):
    """A name chosen by the user is not in its table."""


class MissingExtra(LetteraError):
    """A part that lives outside the main environment is not installed."""


class LLMError(LetteraError):
    """The language-model service refused, failed, or answered nonsense after all retries."""


class MoneySpent(LLMError):
    """The next question could cost more than the user allowed; what was answered is kept."""


class ServerError(LetteraError):
    """Label Studio, the Hub, or another server could not be started or did not answer as agreed."""
