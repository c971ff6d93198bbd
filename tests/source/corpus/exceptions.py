def f(n):
    try:
        if n == 0: raise ValueError ( "zero" )
        if n == 1: raise KeyError
        if n == 2: return "return"
        if n == 3: raise(TypeError)
    except ( ValueError , KeyError ) as e :
        return repr ( e )
    except TypeError :
        "handled"
    else :
        return "else"
    finally :
        print ( "finally" , n )
    return "end"
for n in range ( 5 ) : print ( f ( n ) )
try:raise ValueError("a")from None
except(ValueError):print("caught")
try :
    try : 1 / 0
    except ZeroDivisionError as e : raise
except ZeroDivisionError : print ( "again" )
class C :
    def __enter__ ( self ) : print ( "enter" ) ; return self
    def __exit__ ( self , * a ) : print ( "exit" ) ; return True
with C ( ) as a , C ( ) as b : raise ValueError
with C ( ) : pass
with(C()):print("in")
