import micropython
@micropython.viper
def add(a: int, b: int) -> int:
    """doc"""
    return a + b
@micropython.native
def scaled(a: "number") -> "number":
    factor: int = 3
    return a * factor
try:
    print(add(1, 2), scaled(2))
except NotImplementedError:
    print("none")
