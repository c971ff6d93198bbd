"""Module doc."""
def only():
    """doc"""
def one_line(): "doc"
def first(): "doc"; return 1
def last(): return 2; "after"
def both(): "doc"; "more"; return 3
def multi():
    """doc
    of several
        lines"""; return 4
def twice():
    "doc"
    "another"
    return 5
class Only:
    "doc"
class More:
    "doc"
    x = 6
    """after x"""
    y = 7
print(only(), one_line(), first(), last(), both(), multi(), twice(), Only, More.x, More.y)
if True:
    "then"
else:
    "else"
for i in range(2):
    "body"
else:
    print("loop else")
try:
    "try"
except ValueError:
    "except"
finally:
    "finally"
if 1: "a"; print("b"); "c"
"x"; print("y"); "z"
("in"
 "brackets")
'continued' \
  'string'
print("end")
