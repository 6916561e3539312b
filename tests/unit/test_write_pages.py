"""The report's page of a study that lacks what others have."""

from write_pages import _table


def test_a_table_without_columns_is_left_out(tmp_path):
    """training_sets.csv where answers that others sampled are judged."""
    (tmp_path / "training_sets.csv").write_text("\n")
    assert _table(str(tmp_path / "training_sets.csv"), {"training_sets": "Training sets"}, {}) == ""
    (tmp_path / "training_sets.csv").write_text("")
    assert _table(str(tmp_path / "training_sets.csv"), {"training_sets": "Training sets"}, {}) == ""
