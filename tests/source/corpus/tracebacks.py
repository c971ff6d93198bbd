"""Line numbers in tracebacks stay."""

# comment
def f(x):
    """doc
    of lines"""

    # comment

    y = (x +

         1)

    return 1 / (x -
                x)


class C:
    """doc"""

    def m(self):

        return f(
            # why
            3
        )

    z = lambda self: self.m()


import sys

for call in (C().m, C().z, lambda: f(1), lambda: [f(x) for x in [1]], lambda: list(f(x) for x in [1]),
             lambda: {f(x) for x in [1]}, lambda: {f(x): 1 for x in [1]},

             lambda: undefined):
    try:
        call()
    except Exception as error:
        sys.print_exception(error)

"""not a docstring

at all"""

raise ValueError("the end\n"
                 "of it")
