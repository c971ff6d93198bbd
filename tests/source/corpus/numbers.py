print(1 .__class__, 1.0 .__class__, 1. .__class__, 0x10 .__class__, 1j .__class__)
print(1 if 2 else 3, 1 or 2, 0x1f or 2, [0x1f or x for x in [1]], 1 and 2, 1 in [1])
print(1_000, 0xff, 0b11, 0o17, 1e5, 1E-5, .5, 5., 1.5e+3)
print(1-1, 1 - -1, - - 1, ~ -1, 0xe - 1, 0xE+1, 2 ** -1)
def f(): return .5
def g(): return -1
def h(): return not 1
print(f(), g(), h(), [1, 2][1 :], 5 % 3 if 1 else.5)
print(0 if 1 else 1, 0 or 1, 123 is 123, 1 not in [1])
