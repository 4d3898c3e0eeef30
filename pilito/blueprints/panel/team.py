"""The team: who may log in, as what; who is invited; who goes."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import ParamSpec

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user

from pilito.blueprints.letters import invitation_letter, link_address, password_letter
from pilito.blueprints.panel import bp, sentences
from pilito.blueprints.panel.access import for_admins
from pilito.clock import utc_now
from pilito.errors import Refused
from pilito.lifecycle import ROLE_RANK, Role
from pilito.mail import is_set_up
from pilito.people import links, second_step, team
from pilito.queries.people import last_seen
from pilito.tokens import open_by_maker

P = ParamSpec("P")
# The link that was just made, until its page is shown: it cannot be read again.
MADE_LINK = "made_link"


def decides(verb: Callable[P, None]) -> Callable[P, ResponseReturnValue]:
    """Admins and owners may; a refusal becomes its sentence; then the page of the team is shown again."""

    @wraps(verb)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        try:
            verb(*args, **kwargs)
        except Refused as refusal:
            flash(sentences.explain_refusal(refusal.reason), "problem")
        return redirect(url_for("panel.show_team"))

    return for_admins(wrapper)


@bp.get("/team")
@for_admins
def show_team() -> ResponseReturnValue:
    return _team_page({})


def _team_page(invited: Mapping[str, str]) -> str:
    """`invited` is the invitation that was refused."""
    now = utc_now()
    return render_template(
        "team/list.html",
        people=team.list_operators(),
        seen=last_seen(),
        tokens=open_by_maker(),
        invited=invited,
        invitations=links.list_invitations(now),
        roles=_roles_to_give(),
        may_manage=lambda role: team.may_manage(current_user.role, role),
        has_mail=is_set_up(),
        made=session.pop(MADE_LINK, None),
        admins_need_codes=second_step.admins_need_codes(),
    )


@bp.post("/team/invitations")
@for_admins
def invite_operator() -> ResponseReturnValue:
    email = request.form.get("email", "")
    try:
        token, is_mailed = links.invite(email, _asked_role(), current_user.id, invitation_letter, utc_now())
    except Refused as refusal:
        flash(sentences.explain_refusal(refusal.reason), "problem")
        return _team_page(request.form), 422
    session[MADE_LINK] = {
        "email": team.read_email(email),
        "address": link_address("doors.show_invitation", token),
        "is_mailed": is_mailed,
        "kind": "invitation",
    }
    return redirect(url_for("panel.show_team"))


@bp.post("/team/invitations/<int:link_id>/revoke")
@decides
def revoke_invitation(link_id: int) -> None:
    links.revoke_invitation(link_id, current_user.id, utc_now())
    flash(gettext("The invitation has ended."))


@bp.post("/team/<int:operator_id>/role")
@decides
def change_role(operator_id: int) -> None:
    team.change_role(operator_id, _asked_role(), current_user.id, utc_now())
    flash(gettext("The new role counts at once."))


@bp.post("/team/<int:operator_id>/password")
@decides
def offer_password(operator_id: int) -> None:
    token, is_mailed = links.offer_password(operator_id, current_user.id, password_letter, utc_now())
    session[MADE_LINK] = {
        "email": next(one.email for one in team.list_operators() if one.id == operator_id),
        "address": link_address("doors.show_new_password", token),
        "is_mailed": is_mailed,
        "kind": "password",
    }


@bp.post("/team/<int:operator_id>/second-step-off")
@decides
def take_second_step_away(operator_id: int) -> None:
    """For somebody who lost phone and codes."""
    second_step.switch_off(operator_id, current_user.id, utc_now())
    flash(gettext("The password alone is enough for this person now."))


@bp.post("/team/<int:operator_id>/deactivate")
@decides
def deactivate_operator(operator_id: int) -> None:
    team.deactivate(operator_id, current_user.id, utc_now())
    flash(gettext("Deactivated: logged out everywhere, at once."))


@bp.post("/team/<int:operator_id>/activate")
@decides
def activate_operator(operator_id: int) -> None:
    team.activate(operator_id, current_user.id, utc_now())
    flash(gettext("May log in again."))


@bp.post("/team/second-step")
@decides
def require_second_step() -> None:
    is_required = request.form.get("required") == "on"
    second_step.require_for_admins(is_required, current_user.id, utc_now())
    flash(gettext("Saved."))


def _roles_to_give() -> list[Role]:
    """The roles that this person may give, the widest last."""
    return [role for role in sorted(Role, key=ROLE_RANK.__getitem__) if team.may_manage(current_user.role, role)]


def _asked_role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise Refused("role_unknown", "There is no such role.") from None
