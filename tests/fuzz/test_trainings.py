"""A short run of fuzz_trainings.py."""

from fuzz_trainings import mismatches


def test_however_a_training_is_made_it_ends_in_the_same_bits():
    assert mismatches(1_000_000, 120) == []
