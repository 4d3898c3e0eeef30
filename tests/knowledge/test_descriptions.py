"""What a description says once its tags are gone: what the shop tells, and nothing that it keeps to itself."""

import pytest

from pilito.knowledge.drafts import clean_text, without_tags

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("<p>New bag</p><!-- <p>Price 50 USD</p> --><p>Leather</p>", "New bag\nLeather"),
        ("<p>Bag <del>100 USD</del> 80 <span>USD</span></p>", "Bag 80 USD"),
        ("<s>100</s> <strike>90</strike> <strong>80</strong> <small>USD</small>", "80 USD"),
        ("<STYLE>p { width: 40 }</STYLE >Bag<script>price = 50</script>", "Bag"),
        ("Bag<!-- 50 USD", "Bag"),
        ("<s-card>Bag</s-card> <span>80 USD</span>", "Bag 80 USD"),
        ("Size < 40 and > 36, 5<6", "Size < 40 and > 36, 5<6"),
        ("کیف<br>چرم &amp; نخ", "کیف\nچرم & نخ"),
        ("Sizes <S> <M>: 80 USD", "Sizes : 80 USD"),
        ("Size <S>, <s>100</s> 80 USD", "Size , 80 USD"),
        ("<del>100 <del>90</del> USD</del> 80 USD", "80 USD"),
        ("<del>100 <s>90</del> USD</s> 80 USD", "80 USD"),
        ("Bag</s> 80 <s>", "Bag 80"),
        ("no tag at all", "no tag at all"),
    ],
)
def test_a_description_says_what_is_shown_of_it(description, said):
    assert clean_text(without_tags(description), 1000) == said


@pytest.mark.parametrize("part", ["<!--", "<s>", "</s>", "<script ", "<del></del>", "<s><del>", "<p", "<"])
def test_a_hostile_one_ends(part):
    text = part * 100_000

    assert len(without_tags(text)) <= len(text)
