def outer(a, b=[1,
               2]):
    def inner(c, d={
            "k": lambda v: v + 1,
    }):
        """doc"""

        def deepest():
            "doc"
            if a:
                if b:
                    for x in b:
                        yield x, c, d["k"](x)
        return list(deepest())
    return inner
print(outer(1)(2))
