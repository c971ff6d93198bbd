#!/usr/bin/env micropython
# -*- coding: utf-8 -*-
"""Doc."""
__version__ = "1"
print(__version__)
