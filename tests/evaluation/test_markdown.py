"""Numbers as people read them."""

from gym_diamond.evaluation.markdown import number, table, with_interval


def test_a_mean_stands_before_its_interval():
    assert with_interval({"mean": 0.921, "low": 0.889, "high": 0.944, "n": 64}) == "0.92 [0.89, 0.94]"
    assert with_interval({"mean": 41.06, "low": 39.8, "high": 42.3, "n": 64}, "{:.1f}") == "41.1 [39.8, 42.3]"


def test_a_single_value_has_no_interval_and_nothing_is_a_dash():
    assert with_interval({"mean": 0.5, "low": None, "high": None, "n": 1}) == "0.50"
    assert with_interval({"mean": None, "low": None, "high": None, "n": 0}) == "-"
    assert number(None) == "-"


def test_what_rounds_to_zero_has_no_sign():
    assert number(-0.001) == "0.00"
    assert number(-0.01) == "-0.01"
    assert number(-12_345.6, "{:,.1f}") == "-12,345.6"


def test_a_table_has_equally_wide_columns():
    assert table([("frame", "dB"), ("1", "50.1")]) == "| frame | dB   |\n|-------|------|\n| 1     | 50.1 |"
