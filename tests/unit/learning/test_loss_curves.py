import polars as pl
from reversal.learning.loss_curves import ends, warnings
from reversal.tables import LOSSES

PLACE = {"model": "m", "base": 0, "task": "t", "seed": 1, "lineage": "sft-dpo"}


def curve(*values: float) -> pl.DataFrame:
    return pl.DataFrame([(i, 0.0, loss, 0.1, None, None) for i, loss in enumerate(values)], schema=LOSSES, orient="row")


def test_ends_are_medians_of_a_tenth():
    assert ends(curve()) == {"first_loss": None, "last_loss": None}
    assert ends(curve(2.0)) == {"first_loss": 2.0, "last_loss": 2.0}
    many = [1.0, 9.0, 2.0, *[0.5] * 25, 3.0, 4.0]
    assert ends(curve(*many)) == {"first_loss": 2.0, "last_loss": 3.0}


def test_a_loss_that_ends_far_above_its_beginning_is_named():
    falls, rises, stays = ends(curve(2.0, 1.0)), ends(curve(0.693, 4.5)), ends(curve(0.5, 0.7))
    said = warnings([PLACE | found for found in (falls, rises, stays, ends(curve()))])
    assert said == (
        "Warning: the loss of sft-dpo (m on t, base 0, seed 1) rose from 0.693 to 4.5: its training may have diverged. "
        "A lower learning_rate would help.\n"
    )
