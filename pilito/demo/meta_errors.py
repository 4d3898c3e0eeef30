"""Meta's errors by name, as its pages list them: `{"error": "window_closed"}` scripts one. Facts: channels' README."""

from typing import NamedTuple


class MetaError(NamedTuple):
    code: int
    subcode: int = 0
    http_status: int = 400
    message: str = "Scripted fault"


OAUTH = "Error validating access token: "
LIMIT = "(#{}) Calls to this api have exceeded the rate limit."

NAMED: dict[str, MetaError] = {
    "token_dead": MetaError(190, 0, 401, f"{OAUTH}Cannot parse access token"),
    "app_removed": MetaError(190, 458, 401, f"{OAUTH}The user has not authorized application."),
    "checkpoint": MetaError(190, 459, 401, f"{OAUTH}You cannot access the app till you log in."),
    "password_changed": MetaError(190, 460, 401, f"{OAUTH}The session has been invalidated."),
    "token_expired": MetaError(190, 463, 401, f"{OAUTH}Session has expired."),
    "token_invalid": MetaError(190, 467, 401, f"{OAUTH}The access token is invalid."),
    "role_lost": MetaError(190, 492, 401, f"{OAUTH}The user must be an administrator of the page."),
    "window_closed": MetaError(10, 2534022, 400, "(#10) This message is sent outside of allowed window."),
    "window_closed_page": MetaError(10, 2018278, 400, "(#10) This message is sent outside of allowed window."),
    "restricted": MetaError(10, 1893063, 400, "(#10) The account is restricted."),
    "restricted_sending": MetaError(10, 2534077, 400, "(#10) The account is restricted from sending."),
    "permission": MetaError(10, 0, 403, "(#10) Application does not have permission for this action"),
    "permission_200": MetaError(200, 0, 403, "(#200) Permissions error"),
    "message_access_off": MetaError(200, 2534041, 403, "(#200) The owner has turned off access to messages."),
    "person_unavailable_200": MetaError(200, 1545041, 403, "(#200) This person isn't available right now."),
    "no_such_user": MetaError(100, 2534014, 400, "(#100) No matching user found"),
    "user_not_reachable_13": MetaError(100, 2534013, 400, "(#100) The requested user cannot be found."),
    "user_not_reachable_15": MetaError(100, 2534015, 400, "(#100) The user does not take messages."),
    "blocked": MetaError(100, 2534029, 400, "(#100) The user has blocked the account."),
    "private_reply_invalid": MetaError(100, 2534025, 400, "(#100) The comment is invalid for a private reply."),
    "not_thread_owner": MetaError(100, 2534037, 400, "(#100) Another app is controlling this thread now."),
    "not_thread_owner_page": MetaError(10, 2018300, 400, "(#10) Another app is controlling this thread now."),
    "not_thread_owner_code": MetaError(2018300, 0, 400, "(#2018300) Another app is controlling this thread now."),
    "not_found": MetaError(100, 33, 400, "Unsupported post request. Object does not exist."),
    "bad_request": MetaError(100, 0, 400, "(#100) Invalid parameter"),
    "person_unavailable": MetaError(551, 0, 400, "(#551) This person isn't available right now."),
    "person_unavailable_blocked": MetaError(551, 1545041, 400, "(#551) This person isn't available right now."),
    "app_limit": MetaError(4, 0, 403, "(#4) Application request limit reached"),
    "user_limit": MetaError(17, 0, 403, "(#17) User request limit reached"),
    "page_limit": MetaError(32, 0, 403, "(#32) Page request limit reached"),
    "custom_limit": MetaError(613, 0, 403, LIMIT.format(613)),
    "account_limit": MetaError(613, 2534040, 403, LIMIT.format(613)),
    "odd_limit": MetaError(613, 1996, 403, LIMIT.format(613)),
    "page_token_limit": MetaError(80001, 0, 403, LIMIT.format(80001)),
    "instagram_limit": MetaError(80002, 0, 403, LIMIT.format(80002)),
    "messaging_limit": MetaError(80004, 0, 403, LIMIT.format(80004)),
    "messenger_limit": MetaError(80006, 0, 403, LIMIT.format(80006)),
    "unknown": MetaError(1, 0, 500, "An unknown error occurred"),
    "unknown_but_sent": MetaError(1, 1357046, 500, "Please try again later"),
    "temporary": MetaError(2, 0, 500, "Service temporarily unavailable"),
    "temporary_200": MetaError(2, 0, 400, "Service temporarily unavailable"),
    "message_deleted": MetaError(9000001, 0, 400, "The message was deleted."),
    "consent_missing": MetaError(230, 0, 403, "(#230) User consent is required to access user profile"),
    "no_profile": MetaError(9010, 0, 400, "No matching Instagram user"),
    "not_eligible": MetaError(36103, 0, 400, "The user is not eligible."),
}
