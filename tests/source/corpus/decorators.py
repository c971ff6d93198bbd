def plain(f):
    return f
def with_arguments(*args, **kwargs):
    def inner(f):
        return lambda *a: (args, f(*a))
    return inner
class space:
    plain = staticmethod(plain)
@ plain
@with_arguments( 1,
                 2, c = 3 )
@space . plain

# comment
def f(a):
    return a
print(f(1))
@plain
class A: "doc"
print(A)
