# Filled by _boot before machine is imported; forgotten afterwards.
host = uid = None
