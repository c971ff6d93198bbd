x = 5
y = 'text'
w = 10
print(f"{x}", f'{x!r:>4}', f"{y:>{w}}", f'a{x}b{y!s}c')
print("plain" f"{x}" 'plain' f'{y}' "")
print(f"""{x}
  indented {y}
""")
print(rf"\d{x}", f"{{}}{x}")
print(f"{x=}", f"{x + 1=}")
print(f"{'a' if x else 'b'}", f"{[i for i in range(3)]}", f"{ {'k': 1}['k'] }")
f"{print('effect')}"
def f():
    f"{print('no docstring')}"
    return x or f"{y}"
print(f() if y else f"{x}")
print(f"{x:05d}|{x:<5}|{3.14159:.2f}")
print("é" f"{y}é" "ü", x if y else f'{x}')
