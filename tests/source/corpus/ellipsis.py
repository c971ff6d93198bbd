def f(): ...
class A: ...
print(f(), ...)
x = {...: 1}[...]
print(x)
def g(): 0
def h(): pass
print(g(), h(), ... is ...)
