"""The API in OpenAPI 3.1, written by hand; a test compares it with the routes and the shapes."""

from typing import Any

from pilito.blueprints.api.inputs import (
    DEFAULT_LIMIT,
    MAXIMUM_CLIENT_ID_CHARACTERS,
    MAXIMUM_LIMIT,
    MAXIMUM_QUERY_CHARACTERS,
)
from pilito.blueprints.api.shapes import REFERRAL_PARTS
from pilito.conversations.reply import LONGEST_REPLY_CHARACTERS
from pilito.lifecycle import (
    AssistantMode,
    ConversationState,
    DeliveryState,
    EventOutcome,
    InboxState,
    MessageType,
    ProcessingStatus,
    Sender,
    ShareState,
)

Part = dict[str, Any]

ID: Part = {"type": "integer", "minimum": 1}
COUNT: Part = {"type": "integer", "minimum": 0}
TEXT: Part = {"type": "string"}
TEXT_OR_NULL: Part = {"type": ["string", "null"]}
MOMENT: Part = {"type": "string", "format": "date-time", "description": "UTC, ends in Z"}
MOMENT_OR_NULL: Part = {"type": ["string", "null"], "format": "date-time", "description": "UTC, ends in Z"}


def _one_of(names: Any) -> Part:
    return {"type": "string", "enum": [str(name) for name in names]}


def _object(**properties: Part) -> Part:
    return {"type": "object", "required": list(properties), "properties": properties}


def _with_optional(required: Part, **optional: Part) -> Part:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def _counts(*names: str) -> Part:
    return _object(**dict.fromkeys(names, COUNT))


def _ref(name: str) -> Part:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(part: Part) -> Part:
    return {"anyOf": [part, {"type": "null"}]}


def _page(name: str) -> Part:
    return _object(data={"type": "array", "items": _ref(name)}, next=TEXT_OR_NULL)


def _answer(description: str, schema: Part) -> Part:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _query(name: str, description: str, schema: Part) -> Part:
    """An empty one (`?state=`) is one that was not given."""
    schema = schema if schema == TEXT else {"anyOf": [schema, {"const": ""}]}
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


TOO_MANY: Part = {
    **_answer("This token has asked too often in the last minute", {"$ref": "#/components/schemas/Error"}),
    "headers": {"Retry-After": {"description": "in how many seconds to ask again", "required": True, "schema": COUNT}},
}


def _refusals(*codes: str) -> Part:
    """401 without a token, 403 for one that reads numbers only."""
    refusals = {code: {"$ref": "#/components/responses/Refusal"} for code in ("401", "403", *codes)}
    return {**refusals, "429": {"$ref": "#/components/responses/TooMany"}}


def _operation(operation_id: str, summary: str, answers: Part, **more: Any) -> Part:
    return {"operationId": operation_id, "summary": summary, "responses": answers, **more}


def _change(operation_id: str, summary: str) -> Part:
    done = _answer("The conversation as it is now", _ref("Conversation"))
    return {
        "post": _operation(operation_id, summary, {"200": done, **_refusals("404", "409")}),
        "parameters": [IN_PATH],
    }


IN_PATH: Part = {"name": "conversation_id", "in": "path", "required": True, "schema": ID}
PAGING: list[Part] = [
    _query("cursor", "`next` of the page before", TEXT),
    _query("limit", "rows per page", {**COUNT, "minimum": 1, "maximum": MAXIMUM_LIMIT, "default": DEFAULT_LIMIT}),
]
FILTERS: list[Part] = [
    _query("state", "who answers", _one_of(ConversationState)),
    _query("inbox", "id of the inbox", ID),
    _query("unread", "with or without unread messages", {"type": "boolean"}),
    _query(
        "q",
        "words of a message, of a shared post's caption, or of the customer's name or id; the last may be unfinished",
        {**TEXT, "maxLength": MAXIMUM_QUERY_CHARACTERS},
    ),
]

SCHEMAS: Part = {
    "Error": _object(error=_object(code=TEXT, message=TEXT)),
    "Customer": _object(id=ID, external_id=TEXT, username=TEXT_OR_NULL, name=TEXT_OR_NULL),
    "Conversation": _object(
        id=ID,
        inbox_id=ID,
        channel=TEXT,
        state=_one_of(ConversationState),
        assistant_mode={**_one_of(AssistantMode), "description": "what people chose, here or for the inbox"},
        has_draft={"type": "boolean", "description": "whether a draft of the assistant waits for a person"},
        customer=_ref("Customer"),
        unread_count=COUNT,
        last_message_at=MOMENT_OR_NULL,
        window_closes_at={**MOMENT_OR_NULL, "description": "until when the assistant may answer; null: no end"},
        snoozed_until={**MOMENT_OR_NULL, "description": "until when a person put it off"},
        labels={"type": "array", "items": TEXT, "description": "the names of its labels"},
    ),
    "Share": _object(
        kind=TEXT,
        state=_one_of(ShareState),
        title=TEXT_OR_NULL,
        subtitle=TEXT_OR_NULL,
        caption=TEXT_OR_NULL,
        url=TEXT_OR_NULL,
        permalink=TEXT_OR_NULL,
        media_id=TEXT_OR_NULL,
        combined_with={"type": ["integer", "null"], "description": "id of the question's message"},
    ),
    "Delivery": _object(state=_one_of(DeliveryState), external_id=TEXT_OR_NULL, error=TEXT_OR_NULL),
    "Reaction": _object(by=_one_of(("customer", "shop")), emoji=TEXT, name=TEXT_OR_NULL, at=MOMENT),
    "Referral": {
        **_object(**dict.fromkeys(REFERRAL_PARTS, TEXT_OR_NULL)),
        "description": "the advertisement, product or link through which the customer came",
    },
    "Message": _object(
        id=ID,
        external_id=TEXT_OR_NULL,
        sender=_one_of(Sender),
        message_type=_one_of(MessageType),
        processing_status=_one_of(ProcessingStatus),
        text={**TEXT, "description": "as typed; empty when unsent"},
        content={**TEXT, "description": "as the assistant reads it; empty when unsent"},
        share=_or_null(_ref("Share")),
        reply_to={**TEXT_OR_NULL, "description": "external_id of the message it answers"},
        reactions={"type": "array", "items": _ref("Reaction")},
        payload={**TEXT_OR_NULL, "description": "of a button that was tapped: what its maker put behind the title"},
        origin={
            **TEXT_OR_NULL,
            "description": "standby: it came while another app held the conversation; reconciliation: no event brought"
            " it, it was read back; private_reply: it answers a comment",
        },
        referral=_or_null(_ref("Referral")),
        delivery=_or_null(_ref("Delivery")),
        sent_at=MOMENT,
        created_at=MOMENT,
        edited_at={**MOMENT_OR_NULL, "description": "when the text became what it is; null: as it was sent"},
        deleted_at=MOMENT_OR_NULL,
    ),
    "QuickReply": _with_optional(
        {},
        title={**TEXT, "maxLength": 20, "description": "what the button says, and the customer with it"},
        payload={**TEXT, "maxLength": 1000, "description": "comes back with the tap"},
        kind={**_one_of(("text", "phone", "email")), "default": "text"},
    ),
    "OutboundFile": _object(
        kind=_one_of(("image", "voice", "video", "file")),
        url={
            **TEXT,
            "format": "uri",
            "description": "https, fetched by the channel; image: png or jpeg up to 8 MB; voice: aac, m4a, wav or mp4,"
            " video: mp4, ogg, avi, mov or webm, file: pdf, each up to 25 MB",
        },
    ),
    "Button": _with_optional(
        {"title": {**TEXT, "maxLength": 20}}, url={**TEXT_OR_NULL, "format": "uri"}, payload=TEXT_OR_NULL
    ),
    "Card": _with_optional(
        {"title": {**TEXT, "minLength": 1, "maxLength": 80}},
        subtitle={**TEXT, "maxLength": 80},
        image_url={**TEXT_OR_NULL, "format": "uri"},
        url={**TEXT_OR_NULL, "format": "uri"},
        buttons={"type": "array", "maxItems": 3, "items": _ref("Button")},
    ),
    "Reply": _with_optional(
        {
            "client_id": {
                **TEXT,
                "minLength": 1,
                "maxLength": MAXIMUM_CLIENT_ID_CHARACTERS,
                "description": "chosen by you, new for each reply; sent again it gives the same reply",
            },
        },
        text={
            **TEXT,
            "minLength": 1,
            "maxLength": LONGEST_REPLY_CHARACTERS,
            "description": "needed, unless there is an attachment, cards, a like or a reaction",
        },
        quick_replies={"type": "array", "maxItems": 13, "items": _ref("QuickReply")},
        attachment=_or_null(_ref("OutboundFile")),
        cards={"type": "array", "maxItems": 10, "items": _ref("Card")},
        like={"type": "boolean", "description": "a heart"},
        reaction=_or_null(_with_optional({}, emoji={**TEXT_OR_NULL, "description": "null takes it back"})),
        reply_to={**TEXT_OR_NULL, "description": "external_id of the message it answers, or reacts to"},
    ),
    "Inbox": _object(
        id=ID,
        channel=TEXT,
        external_id=TEXT,
        name=TEXT,
        username=TEXT_OR_NULL,
        state=_one_of(InboxState),
        stop_reason={**TEXT_OR_NULL, "description": "why it cannot send"},
        token_expires_at={**MOMENT_OR_NULL, "description": "null: not by time, or not known"},
        token_is_ending={"type": "boolean", "description": "it ends within seven days and was not renewed"},
        subscription_error={**TEXT_OR_NULL, "description": "why its messages may not be posted to us"},
        last_webhook_at={**MOMENT_OR_NULL, "description": "right to a minute"},
    ),
    "Stats": _object(
        shares=_counts("received", *ShareState),
        pending_share_cache=_object(hits=COUNT, misses=COUNT, hit_rate={"type": ["number", "null"]}),
        events=_counts("received", *EventOutcome, "pending"),
        replies=_counts("assistant", "operator", "phone", "hand_overs"),
        deliveries=_counts(*DeliveryState),
        unknown_types={
            "type": "object",
            "additionalProperties": COUNT,
            "description": "messages of kinds that this version does not know, by the channel's word for them",
        },
    ),
}

PATHS: Part = {
    "/openapi.json": {
        "get": _operation("describe", "This document", {"200": _answer("OpenAPI 3.1", {"type": "object"})}, security=[])
    },
    "/conversations": {
        "get": _operation(
            "listConversations",
            "Conversations, newest first",
            {"200": _answer("A page", _page("Conversation")), **_refusals("422")},
            parameters=[*FILTERS, *PAGING],
        )
    },
    "/conversations/{conversation_id}": {
        "get": _operation(
            "showConversation",
            "One conversation",
            {"200": _answer("The conversation", _ref("Conversation")), **_refusals("404")},
        ),
        "parameters": [IN_PATH],
    },
    "/conversations/{conversation_id}/messages": {
        "get": _operation(
            "listMessages",
            "Messages, oldest first by the time they were sent",
            {"200": _answer("A page", _page("Message")), **_refusals("404", "422")},
            parameters=PAGING,
        ),
        "parameters": [IN_PATH],
    },
    "/conversations/{conversation_id}/replies": {
        "post": _operation(
            "addReply",
            "Send a reply; the conversation goes to people",
            {
                "202": _answer("Recorded, on its way", _ref("Message")),
                **_refusals("404", "409", "413", "415", "422"),
            },
            requestBody={"required": True, "content": {"application/json": {"schema": _ref("Reply")}}},
        ),
        "parameters": [IN_PATH],
    },
    "/conversations/{conversation_id}/take-over": _change("takeOver", "From the assistant to people"),
    "/conversations/{conversation_id}/give-back": _change("giveBack", "From people to the assistant"),
    "/conversations/{conversation_id}/close": _change("close", "Done, until the customer writes again"),
    "/inboxes": {
        "get": _operation(
            "listInboxes", "The connected accounts", {"200": _answer("All of them", _page("Inbox")), **_refusals()}
        )
    },
    "/stats": {
        "get": _operation(
            "showStats", "Counts since the beginning", {"200": _answer("Counts", _ref("Stats")), **_refusals()}
        )
    },
}

DOCUMENT: Part = {
    "openapi": "3.1.0",
    "info": {"title": "Pilito", "version": "1", "description": "The inbox of a shop: conversations, replies, counts."},
    "servers": [{"url": "/api/v1"}],
    "security": [{"bearer": []}],
    "paths": PATHS,
    "components": {
        "schemas": SCHEMAS,
        "responses": {"Refusal": _answer("Why not", _ref("Error")), "TooMany": TOO_MANY},
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
    },
}
