def sign(n):
    if n < 0:
        "negative"
        return -1
    elif n == 0:
        # zero
        return 0
    else: return+1
print([sign(n) for n in (-2, 0, 2)])
for i in range(3):
    if i == 1: continue
    if i == 2: break
else: print("no break")
while True:
    break
else: print("no break")
print(1 < 2 < 3, 1 if 0 else 2 if 0 else 3, not not 1, (1, ) + (2, 3), ())
x = 5 if (
    not 1) else 6
print(x)
x += 1 ; x -= 1 ; x *= 2 ; x //= 2 ; x **= 2 ; x %= 7 ; x |= 1 ; x &= 3 ; x ^= 1 ; x <<= 2 ; x >>= 1
print(x)
