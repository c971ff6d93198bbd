if 1: print(1); print(2);
for i in (1, 2): print(i); "string"; print(i)
class A: x = 1; y = 2; "s"
def f(a): x = a; return x;
try: print(3)
except: pass
finally: print(4)
while 0: pass
else: print(5)
print(A.x, A.y, f(6))
if 1: \
    print(7)
if 1: "only"; "strings"
def g(): "doc"; "more"
print(g())
x: int; print(8); y: int = 9; z: int
print(y)
