"""The tables, a file per noun. Constraints and indexes, no verbs."""

from pilito.extensions import db
from pilito.models.assistant_stop import AssistantStop
from pilito.models.audit import Audit, AuditSeal
from pilito.models.backup import Backup
from pilito.models.canned_reply import CannedReply
from pilito.models.comment import Comment
from pilito.models.conversation import Conversation
from pilito.models.counter import Counter
from pilito.models.customer import Customer
from pilito.models.delivery import Delivery
from pilito.models.draft import Draft
from pilito.models.embedding import Embedding
from pilito.models.erasure import DataDeletion, Erasure
from pilito.models.inbox import Inbox
from pilito.models.instructions import Instructions
from pilito.models.label import ConversationLabel, Label
from pilito.models.ledger import Event, Webhook
from pilito.models.mail import Mail
from pilito.models.media_file import MediaFile
from pilito.models.media_mark import MediaMark
from pilito.models.message import Attachment, Message
from pilito.models.model_use import ModelUse
from pilito.models.note import Mention, Note
from pilito.models.notification import Notification
from pilito.models.operator import ApiToken, EntryLink, Operator, OperatorSession, RecoveryCode, Shop
from pilito.models.own_post import OwnPost
from pilito.models.passage import Passage
from pilito.models.post_product import PostProduct
from pilito.models.product import Product, Variant
from pilito.models.proof import Proof
from pilito.models.reaction import EarlyEdit, Reaction
from pilito.models.reading import Reading
from pilito.models.saved_view import SavedView
from pilito.models.search_entry import SearchBacklog, SearchEntry
from pilito.models.share import Share
from pilito.models.source import Source, SourceFile, WebPage
from pilito.models.tally import OpenQuestion, Tally, TallyDay, TallyKeeper, TallyMark, TallyZone
from pilito.models.turn import Turn
from pilito.models.upkeep import Upkeep

__all__ = [
    "ApiToken",
    "AssistantStop",
    "Attachment",
    "Audit",
    "AuditSeal",
    "Backup",
    "CannedReply",
    "Comment",
    "Conversation",
    "ConversationLabel",
    "Counter",
    "Customer",
    "DataDeletion",
    "Delivery",
    "Draft",
    "EarlyEdit",
    "Embedding",
    "EntryLink",
    "Erasure",
    "Event",
    "Inbox",
    "Instructions",
    "Label",
    "Mail",
    "MediaFile",
    "MediaMark",
    "Mention",
    "Message",
    "ModelUse",
    "Note",
    "Notification",
    "OpenQuestion",
    "Operator",
    "OperatorSession",
    "OwnPost",
    "Passage",
    "PostProduct",
    "Product",
    "Proof",
    "Reaction",
    "Reading",
    "RecoveryCode",
    "SavedView",
    "SearchBacklog",
    "SearchEntry",
    "Share",
    "Shop",
    "Source",
    "SourceFile",
    "Tally",
    "TallyDay",
    "TallyKeeper",
    "TallyMark",
    "TallyZone",
    "Turn",
    "Upkeep",
    "Variant",
    "WebPage",
    "Webhook",
    "db",
]
