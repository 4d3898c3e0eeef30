"""The services of one process: created empty, bound to an app in `create_app`."""

from typing import TYPE_CHECKING, Any, cast

from flask import current_app
from flask_login import LoginManager
from flask_socketio import SocketIO
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from redis import Redis
from sqlalchemy import MetaData, Table, event
from werkzeug.local import LocalProxy

from pilito.config import Settings

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

    from pilito.media.store import Store

# Every constraint has a name, so that a migration can change it.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

db = SQLAlchemy(session_options={"expire_on_commit": False}, metadata=MetaData(naming_convention=NAMES))


@event.listens_for(Table, "after_parent_attach")
def _give_no_number_twice(table: Table, metadata: MetaData) -> None:
    """PostgreSQL gives none twice; SQLite has to be told, or who is new gets the number of who was erased."""
    if metadata is db.metadata:
        table.dialect_options["sqlite"]["autoincrement"] = True


login = LoginManager()
csrf = CSRFProtect()
socketio = SocketIO()

# What `create_app` binds under these names; proxies, so that importing this module opens nothing.
settings = cast(Settings, LocalProxy(lambda: current_app.extensions["pilito_settings"]))
redis = cast(Redis, LocalProxy(lambda: current_app.extensions["pilito_redis"]))
channels = cast("dict[str, Any]", LocalProxy(lambda: current_app.extensions["pilito_channels"]))
media_store = cast("Store", LocalProxy(lambda: current_app.extensions["pilito_media_store"]))
vault = cast("MultiFernet", LocalProxy(lambda: current_app.extensions["pilito_vault"]))
