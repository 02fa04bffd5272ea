"""What a policy is: a chain of dense layers or a Module, its observations, its forwards, its exports."""
