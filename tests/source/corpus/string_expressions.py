print('%d' % 3)
'%d' % 3
'abc'.join([])
x = 'abc'.join(['x', 'y'])
print(x)
b'x'
if 0:
    pass
else:
    'abc'.upper()
    print('else')
if not x:
    pass
else:
    '%d' % 4
    'a' 'b'.join(['1', '2'])
    print('other else')
'x' in 'xyz' and print("in")
'x'[0]
("a", "b")
["a"]
'a' if x else 'b'
"hello" or print("never")
def f():
    'a'.upper()
    return 'b' 'c'
print(f())
lambda: 'x'
'last'
