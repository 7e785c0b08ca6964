"""A request in the words that a service understands: what it turns out not to know is left out."""

from typing import Any

from core.label.hosted.request import Request

MALFORMED = (400, 422)
# What a service may not know, left out in this order until it takes a request.
_LEFT_OUT = ((), ("logprobs",), ("response_format",), ("logprobs", "response_format"))
_NOTES = {
    "logprobs": "the service tells no log probabilities: no confidence comes from them",
    "response_format": "the service holds no model to a JSON schema: more answers may be unusable",
}


class Wording:
    """How one service is asked. `rung`: how much is left out now.

    `together`: it is Together's own, not one that speaks its protocol.
    """

    def __init__(self, together: bool) -> None:
        self.rung = 0
        self._together = together

    @property
    def notes(self) -> tuple[str, ...]:
        """What the service is asked without."""
        return tuple(_NOTES[name] for name in _LEFT_OUT[self.rung])

    def of(self, request: Request, rung: int) -> dict[str, Any]:
        """The body of a request."""
        body = request.body()
        for name in _LEFT_OUT[rung]:
            body.pop(name, None)
        # Together wants the number of alternatives; everybody else has a switch.
        if "logprobs" in body and not self._together:
            body["logprobs"] = True
        return body

    def understood(self, rung: int) -> None:
        """An answer: what was left out since it was asked for is known after all."""
        self.rung = min(self.rung, rung)

    def refused(self, request: Request, rung: int, known: bool) -> bool:
        """Whether to ask a malformed request again, by another rung than the one refused.

        `known`: the service answers requests of this wording, so that nothing more is left out.
        """
        if rung == self.rung and not known:
            said = request.body().keys()
            less = (n for n in range(rung + 1, len(_LEFT_OUT)) if said >= {*_LEFT_OUT[n]})
            self.rung = next(less, rung)
        return rung != self.rung
