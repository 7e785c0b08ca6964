"""The labelling backend's pages: what Label Studio asks, and what this backend answers.

The protocol is that of Label Studio 1.23 (its `ml/api_connector.py`): it waits 1 s for /health and
/webhook, 3 s for /setup and /versions, 100 s for /predict and for START_TRAINING.
"""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from annotate.backend.answers import label_set
from annotate.backend.backend import Backend
from annotate.backend.door import Door
from annotate.backend.training import Busy
from core.records import Json

FOREIGN = "the project has none of Lettera's labels; make it with lettera push"


class SetUp(BaseModel):
    """A project introduces itself. The token that comes with it is not read: we have our own."""

    config: str = Field(default="", alias="schema")


class Predict(BaseModel):
    """Tasks to predict. `params.context` (interactive) changes nothing in what is answered."""

    tasks: list[Any]
    label_config: str = ""


class Webhook(BaseModel):
    """Something happened, or a person pressed Start training. What came with it is not read."""

    action: str


def make_app(backend: Backend) -> FastAPI:
    """The pages of a backend, behind its door."""
    app = FastAPI(title="Lettera", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Door, account=backend.account, tell=backend.tell)
    app.add_exception_handler(RequestValidationError, _unreadable)

    @app.get("/health")
    async def health() -> Json:
        return {"status": "UP", "model_class": "Lettera"}

    @app.post("/setup")
    async def setup(told: SetUp) -> JSONResponse:
        if not label_set(told.config):
            return JSONResponse({"error": FOREIGN}, 400)
        return JSONResponse({"model_version": backend.model.source})

    @app.get("/versions")
    async def versions() -> Json:
        return {"versions": [backend.model.source]}

    @app.post("/predict")
    def predict(asked: Predict) -> Json:
        return {"results": backend.answer(asked.tasks, asked.label_config)}

    @app.post("/webhook")
    async def webhook(told: Webhook) -> JSONResponse:
        if told.action != "START_TRAINING":
            backend.corrections.webhook(told.action)
            return JSONResponse({"status": "ok"}, 201)
        try:
            backend.training.start()
        except Busy as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse({"status": "training"}, 201)

    @app.get("/status")
    async def status() -> Json:
        return backend.status()

    return app


async def _unreadable(request: Request, error: Exception) -> JSONResponse:
    """Says where a request is wrong; by itself FastAPI would send its words back."""
    problems = error.errors() if isinstance(error, RequestValidationError) else ()
    told = [{"where": problem["loc"][:2], "what": problem["type"]} for problem in problems]
    return JSONResponse({"error": "not a request of Label Studio", "problems": told}, 422)
