"""What a training gives: the run, its history, evaluations of its policies."""
