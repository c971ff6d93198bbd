x = 1
if x:
    '''doc
    more'''
    print('''a
b''')
# comment
