"""What a page says of an erasure that is not complete yet."""

from visitord.admin.forgetting import Forgotten
from visitord.store.mentions import Mention
from visitord.store.remaining import Remaining


def test_what_is_not_gone_yet_is_said_in_one_text_and_nothing_where_all_is() -> None:
    assert Forgotten(3, 3, (), (), ()).remark == ""
    mention = Mention("merge", "0123456789ab", "same coat as Sam")
    left = (Remaining("hall", 1), Remaining("", 2))
    assert Forgotten(3, 0, left, (mention,), ("The disk is full.",)).remark == (
        "1 picture still lies on box hall and goes when it next runs. "
        "2 pictures still lie on another box and go when it next runs. "
        "This text still names them (merge 01234567: same coat as Sam). "
        "The disk is full."
    )
