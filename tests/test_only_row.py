"""A table of one row gets it from whoever comes first, also where two come at once."""

import threading
from datetime import UTC, datetime

from sqlalchemy import func, select

from pilito.database import only_row, transaction
from pilito.extensions import db
from pilito.models import Shop, TallyKeeper
from pilito.people import first_steps

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def together(app, *verbs):
    """Run each in its own thread, the second while the first has written and not committed. Returns what they raised."""
    written, failed = threading.Event(), []

    def first():
        with transaction():
            only_row(Shop).admins_need_codes = True
            written.set()
            threading.Event().wait(0.3)  # the second comes by now to the row that it cannot see

    def run(verb):
        with app.app_context():
            try:
                verb()
            except Exception as error:
                failed.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(verb,)) for verb in (first, *verbs)]
    threads[0].start()
    assert written.wait(5)
    for thread in threads[1:]:
        thread.start()
    for thread in threads:
        thread.join(20)
    return failed


def test_who_comes_second_goes_on_with_the_row_of_the_first(app):
    assert together(app, lambda: first_steps.hide(None, NOON)) == []

    shop = db.session.scalars(select(Shop)).one()
    assert (shop.admins_need_codes, shop.first_steps_hidden_at) == (True, NOON)


def test_it_is_made_with_what_it_begins_with_and_only_once(app):
    with transaction():
        assert only_row(TallyKeeper, run=7).run == 7
    with transaction():
        assert only_row(TallyKeeper, run=9).run == 7

    assert db.session.scalar(select(func.count()).select_from(TallyKeeper)) == 1
