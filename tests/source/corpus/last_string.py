def f():
    "doc"
    return 1
f()
"the value"
