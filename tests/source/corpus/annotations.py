def f(a: int = 1, *b: "x, y", c: lambda x, y: 3 = 2, **d: (int)) -> undefined_name:
    x: int = a
    y: (int) = 4; z: str = "z"
    (w): float = 5
    t: tuple = 1, 2
    unbound: int
    return x, y, z, w, t, b, c, sorted(d.items())
print(f(3, 4, 5, c=6, e=7))
class A:
    """doc"""
    field: int
    value: "int" = 3
    other: dict[
        str,
        int,
    ] = {}
print(A.value, A.other)
d = {}
d["a"]: int = 4
print(d)
def long_result(a) -> dict[
    str,
    int,
]:
    return a
print(long_result(1))
def only(): x: int
print(only())
def outer():
    x: int
    def inner():
        nonlocal x
        x = 5
    inner()
    return x
print(outer())
