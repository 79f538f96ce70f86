"""The promise that nothing leaves the house, made a rule of the process."""
