"""What stands on the screen around the rows."""

from gym_diamond.benchmarking.table import fit_table, load_sentence, peak_sentence, speed


def test_a_fit_has_a_line_for_each_objective():
    least = {"gflop": 12.34, "mib": 1234.5, "ms": 50.0, "ratio_to_floor": 16.14}
    one = {"precision": "fp32", "mode": "eager", "batch_size": 16, "floor": least}
    speeds = [
        {"objective": "denoiser", **one, "updates_per_second": 1.239, "update_ms": 807.1},
        {"objective": "reward_end", **one, "updates_per_second": 12, "update_ms": 83.3},
    ]
    head, _, *lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in fit_table(speeds).splitlines()]
    assert head[4:] == ["updates/s", "GFLOP", "MiB moved", "floor, ms", "update, ms", "times the floor"]
    assert lines == [
        ["denoiser", "fp32", "eager", "16", "1.24", "12.3", "1,234", "50.0", "807.1", "16.1"],
        ["reward_end", "fp32", "eager", "16", "12.0", "12.3", "1,234", "50.0", "83.3", "16.1"],
    ]


def test_the_peaks_are_told_in_words():
    peak = {"matmul": 81.2e9, "conv": 79.9e9, "bytes_per_second": 12.34e9}
    assert peak_sentence("fp32", peak) == (
        "At most this machine does, in fp32, 81 GFLOP/s in a matrix product and 80 in a convolution, "
        "and copies 12.3 GB/s."
    )


def test_a_busy_machine_is_told_of():
    assert load_sentence(0.2) is None
    assert load_sentence(None) is None
    assert "a load of 6.3 at the start" in str(load_sentence(6.3))


def test_speeds_are_shown_with_the_digits_that_count():
    assert [speed(value) for value in (12345.6, 99.96, 9.123, 0.5, None)] == ["12,346", "100.0", "9.12", "0.50", "-"]
