"""Every Redis key, queue, job and socket room, with its lifetime."""

# Queues, one per kind of waiting. A worker thread serves exactly one: with two, a job popped from the second was lost
# when the worker was killed.
RECEIVE = "receive"
REPLIES = "replies"
DELIVERIES = "deliveries"
SHARES = "shares"
PROFILES = "profiles"
SIGNALS = "signals"
MEDIA = "media"
READINGS = "readings"
LOOKS = "looks"
UPKEEP = "upkeep"
FACTS = "facts"
MAIL = "mail"
QUEUES = (RECEIVE, REPLIES, DELIVERIES, SHARES, PROFILES, SIGNALS, MEDIA, READINGS, LOOKS, UPKEEP, FACTS, MAIL)

# Jobs by dotted name, so that the verbs can ask for one without importing the jobs (which import the verbs).
RECEIVE_JOB = "pilito.jobs.inbound.receive_webhook"
RETAKE_JOB = "pilito.jobs.inbound.retake_webhook"
ANSWER_JOB = "pilito.jobs.replies.answer_turn"
DELIVER_JOB = "pilito.jobs.deliveries.deliver_reply"
SHARE_TIMEOUT_JOB = "pilito.jobs.shares.process_pending_share_timeout"
SIGNAL_JOB = "pilito.jobs.signals.show_signals"
PROFILE_JOB = "pilito.jobs.profiles.fetch_customer_profile"
MEDIA_JOB = "pilito.jobs.media.fetch_media_file"
DROP_MEDIA_JOB = "pilito.jobs.media.drop_media_file"
READ_JOB = "pilito.jobs.media.read_file"
TALLY_JOB = "pilito.jobs.upkeep.count_tallies"
ZONE_JOB = "pilito.jobs.upkeep.keep_zone"
MATCH_JOB = "pilito.jobs.upkeep.match_inbox_posts"
PRIVATE_REPLY_JOB = "pilito.jobs.deliveries.send_private_reply"
TRIAL_JOB = "pilito.jobs.replies.run_trial"
LOOK_JOB = "pilito.jobs.upkeep.look_for_sends"
UPKEEP_JOB = "pilito.jobs.upkeep.keep_up"
POST_JOB = "pilito.jobs.upkeep.look_up_post"
FACTS_JOB = "pilito.jobs.facts.read_facts"
SEARCH_JOB = "pilito.jobs.upkeep.fill_search"
WIPE_JOB = "pilito.jobs.upkeep.wipe_words"
EMBED_JOB = "pilito.jobs.facts.embed_facts"
MAIL_JOB = "pilito.jobs.mail.send_mail"

# Calls of each account in moving windows, a key per account and limit; lives as long as its window.
PACE = "pilito:pace"
# A hash: what became of the hints to customers that we have seen them or are writing (sent, late, failed …).
SIGNALS_COUNT = "pilito:signals"

# A hash: what each counter of /metrics showed last, and how much was added since rows went; kept until deleted.
METRICS = "pilito:metrics"
METRICS_SCRAPES = "pilito:metrics:scrapes"

# The Socket.IO channel on Redis (pub/sub, nothing kept) and the room of all logged-in operators.
SOCKET_CHANNEL = "pilito-socket"
PANEL_ROOM = "panel"

# Sorted sets: who looks at which conversation and who writes there, each with when it ends; gone 90 s after the last.
VIEWING = "pilito:viewing"
TYPING = "pilito:typing"

# Holders of the scheduler: a fenced lock that lives SCHEDULER_LOCK_SECONDS after its last renewal.
SCHEDULER_LOCK = "pilito:scheduler:lock"
SCHEDULER_LOCK_SECONDS = 10
# Heartbeat of the scheduler for /readyz; lives as long as the lock.
SCHEDULER_BEAT = "pilito:scheduler:beat"
# A sorted set: every scheduler process that runs, by its token, with when it last said so; two are one too many.
SCHEDULERS = "pilito:schedulers"
SCHEDULERS_SECONDS = 60
# Scheduled jobs that could not be decoded, set aside for a person to look at; kept until deleted.
SCHEDULER_SET_ASIDE = "pilito:scheduler:set_aside"

# Up to which id the ledger's bodies are emptied for their age; no end. Lost, they are looked through again.
BODIES_EMPTIED = "pilito:bodies_emptied"
# The mark that a bucket has, and since when it is known to have it (media_mark.py); no end. Lost, it is begun anew.
MEDIA_MARK = "pilito:media_mark"
WIPING = "pilito:wiping"  # the mark for which erased words are being merged away
WIPING_SECONDS = 24 * 3600

TRIAL_SECONDS = 3600


def session_room(session_id: int) -> str:
    """Room of the open lines of one log-in."""
    return f"session:{session_id}"


def pending_share(conversation_id: int) -> str:
    """Key of the share that waits for its question; holds the share's message id, lives until the wait ends."""
    return f"pending_share_{conversation_id}"


def trial(name: str) -> str:
    """Key of a question of the playground, with its result; lives TRIAL_SECONDS."""
    return f"pilito:trial:{name}"


def trials_about(conversation_id: int) -> str:
    """Key of the names of the trials that ask a conversation's questions again; lives as long as the newest of them."""
    return f"pilito:trials-about:{conversation_id}"


def trials_of(operator_id: int) -> str:
    """Key that counts an operator's trials; lives as long as they are counted together."""
    return f"pilito:trials:{operator_id}"


def operator_room(operator_id: int) -> str:
    """The Socket.IO room of one person's browsers, for what concerns them alone."""
    return f"operator-{operator_id}"


def share_timeout_job(share_message_id: int) -> str:
    return f"share-timeout-{share_message_id}"
