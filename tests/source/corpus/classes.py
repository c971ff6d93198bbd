class Base ( object ) :
    """doc"""
    count = 0
    def __init__ ( self , x = 1 ) :
        """doc"""
        self . x = x
        Base . count += 1
    @property
    def double ( self ) -> int :
        return self . x * 2
    @double . setter
    def double ( self , value ) :
        self . x = value // 2
    @staticmethod
    def static ( a ) : return a
    @classmethod
    def klass ( cls ) : return cls . __name__
class Derived ( Base ) :
    def __init__ ( self ) :
        super ( ) . __init__ ( 5 )
    def __repr__ ( self ) :
        return "Derived(%d)" % self . x
    class Inner : pass
    def __getitem__ ( self , key ) : return key
d = Derived ( )
d . double = 8
print ( d , d . double , d . static ( 1 ) , d . klass ( ) , Base . count , d [ 1 : 2 , ... ] , d [ : ] , Derived . Inner )
