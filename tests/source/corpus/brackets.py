x = [
    1,  # one

    2,
    # between
    (3,
     4),
]
print(x,
      {
          "a":
              1,
      },
      sep=
      "-")
def f(
    a,
    b = (
        1,
    ),
):
    return (
        a +

        b[0]
    )
print(f(
    1
))
y = x \
    [0] + \
    \
    1
print(y); print(
    "same")
if x and \
   y:
    print("continued")
assert x, \
    "message"
s = """a
b""" + """
c"""; print(s)
print("back\
slash")
from sys import \
    path
for i in \
        range(1): print(i)
