"""What the open panels of a fault run read off a page."""

from chaos.traffic import items_of

PAGE = """
<ol id="items"><li class="day" data-day="1"><span>Yesterday</span></li>
<li class="item" id="m1" data-day="1"><p>How much?</p> 23:59</li>
<li class="day" data-day="2"><span>Today</span></li>
<li class="activity" id="a1" data-day="2">Sara took over 00:01</li></ol><p>Reply</p>
"""


def test_the_line_of_a_day_is_no_messages_word():
    assert items_of(PAGE) == {"m1": "How much? 23:59", "a1": "Sara took over 00:01"}


def test_every_message_is_known_by_its_key_and_its_words():
    assert items_of(PAGE.replace("How much?", "How <b>many</b>?"))["m1"] == "How many ? 23:59"
