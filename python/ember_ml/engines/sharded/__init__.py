"""Past one process: a coordinator of shards, workers with replicas of the training, ways to reach them."""
