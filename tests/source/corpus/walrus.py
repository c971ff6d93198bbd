if (n := 3) > 2: print(n)
while(n := n - 1): print(n)
print([y := 1, y ** 2], (z := 4), [a for b in [1, 2] if (a := b)])
x = [1, 2, 3]
print(x[(i := 1)], {(k := 5)}, (lambda: (m := 6))())
def f(v): return v
print(f(w := 2), w, f(v=(u := 1)))
