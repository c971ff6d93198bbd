import sys , os
import sys as s
from sys import path as p , modules
from sys import ( platform )
try:
    from . import nothing
except (ImportError, KeyError):
    print("no package")
try:
    from .. import nothing
except (ImportError, KeyError, ValueError):
    print("no package")
try:
    from ...a.b import nothing as n
except (ImportError, KeyError, ValueError):
    print("no package")
try:
    import missing . module
except ImportError:
    print("missing")
print(s is sys)
