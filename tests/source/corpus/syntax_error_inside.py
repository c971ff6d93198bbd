try:
    exec("x = (")
except SyntaxError as error:
    print("syntax error")
try:
    exec(" x = 1")
except SyntaxError:
    print("indentation")
print(eval("1 +\\\n 2"))
