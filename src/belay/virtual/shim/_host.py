host = None
