import asyncio
class Context :
    async def __aenter__ ( self ) :
        """doc"""
        return 1
    async def __aexit__ ( self , * a ) : "nothing"
class Numbers :
    def __init__ ( self ) : self . n = 0
    def __aiter__ ( self ) : return self
    async def __anext__ ( self ) :
        if self . n == 2 : raise StopAsyncIteration
        self . n += 1
        return self . n
async def double ( x : int ) -> int :
    await asyncio . sleep ( 0 )
    return x * 2
async def main ( ) :
    async with Context ( ) as c : print ( c )
    async for n in Numbers ( ) : print ( n )
    else : print ( "done" )
    print ( await double ( 2 ) , - await double ( 3 ) , [ await double ( 1 ) ] )
    return await asyncio . gather ( double ( 1 ) , double ( 2 ) )
print ( asyncio . run ( main ( ) ) )
