"""The API against requests that nobody thought of, made from its own description: wrong types, wrong sizes, odd letters."""

import pytest
import schemathesis
from hypothesis import given, settings
from longer import examples
from rows import NOON, add_conversation, add_message
from schemathesis import GenerationMode
from schemathesis.config import GenerationConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from pilito.blueprints.api.openapi import DOCUMENT
from pilito.database import transaction
from pilito.tokens import issue_token

METHODS = {"get", "post", "put", "patch", "delete"}
OPERATIONS = [
    f"{method.upper()} {path}" for path, known in DOCUMENT["paths"].items() for method in METHODS & set(known)
]
WITHOUT_INPUT = ["GET /openapi.json", "GET /stats", "GET /inboxes"]  # nothing in them can be wrong
TRIES = [(one, GenerationMode.POSITIVE) for one in OPERATIONS] + [
    (one, GenerationMode.NEGATIVE) for one in OPERATIONS if one not in WITHOUT_INPUT
]

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def describe(app):
    """The API as its own description tells it, on a shop with one conversation, which is number 1."""
    with app.app_context():
        token = issue_token("fuzz", NOON)
        with transaction():
            add_message(add_conversation(), text="سلام")

    def make(mode):
        config = SchemathesisConfig(projects=ProjectsConfig())
        config.projects.default.generation = GenerationConfig(modes=[mode], with_security_parameters=False)
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
        return schema, {"Authorization": f"Bearer {token}"}

    return make


@pytest.mark.parametrize(("operation", "mode"), sorted(TRIES))
def test_whatever_is_asked_is_answered_as_described(describe, operation, mode):
    schema, headers = describe(mode)
    method, path = operation.split(" ")
    case = schema[path][method].as_strategy(generation_mode=mode)

    @settings(max_examples=examples(12), deadline=None)
    @given(case=case)
    def ask(case):
        # A cursor is any text to its reader, and a reply needs words or a file: a refusal of these is right.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    ask()
