from umachine import *
from _host import host


def soft_reset():
    host(1, 0, 0)


def reset():
    host(2, 0, 0)


def reset_cause():
    return host(3, 0, 0)
