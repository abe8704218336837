"""What stands on the screen around the rows."""

from gym_diamond.benchmarking.table import fit_table, load_sentence, peak_sentence, speed


def test_a_fit_has_a_line_for_each_objective():
    speeds = [
        {"objective": "denoiser", "precision": "fp32", "mode": "eager", "batch_size": 16, "updates_per_second": 1.239},
        {"objective": "reward_end", "precision": "bf16", "mode": "compile", "batch_size": 32, "updates_per_second": 12},
    ]
    assert fit_table(speeds).splitlines() == [
        "| objective  | precision | mode    | batch | updates/s |",
        "|------------|-----------|---------|-------|-----------|",
        "| denoiser   | fp32      | eager   | 16    | 1.24      |",
        "| reward_end | bf16      | compile | 32    | 12.0      |",
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
