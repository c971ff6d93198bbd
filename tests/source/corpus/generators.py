def count ( n ) :
    """doc"""
    while n :
        got = yield n
        if got : print ( "got" , got )
        n -= 1
def chain ( ) :
    yield from count ( 2 )
    yield
    x = yield ( 5 )
    return x
g = count ( 3 )
print ( next ( g ) , g . send ( "a" ) , next ( g ) )
print ( list ( chain ( ) ) )
print ( sum ( i for i in range ( 4 ) ) , [ i * j for i in ( 1 , 2 ) for j in ( 3 , 4 ) if i != j ] )
print ( sorted ( { i for i in "aab" } ) , { i : i for i in ( 1 , ) } )
