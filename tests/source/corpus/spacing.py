a = 3 ; b = 2
print ( a )
print (a if a else b, not a, a is not b, a not in [ b ])
def f ( * args , ** kwargs ) : return args , sorted ( kwargs.items ( ) )
print ( f ( 1 , * [ 2 ] , x = 1 , ** { 'y' : 2 } ) )
g = lambda * a , k = 1 : ( a , k )
h = lambda : 0
print ( g ( 1 , 2 ) , h ( ) , ( lambda x : x ) ( 4 ) )
print ( a < - b , a - - b , a ** - b , a // b , a >> b , a << b , a != b , a <= b )
if(a)and(b):print("paren")
if"a"in"abc":print("str")
for x in"ab":print(x)
for(x)in[1]:print(x)
while(a):a=a-1
assert(b)
assert b , "message"
x = "a"if b else"r"
y = ""or"b"
z = ""or b"f"
print(x, y, z, "a"and b)
def r():return"r"
def s():return(1)
def t():return[1]
def u():return{1:2}
def v():return...
def w():yield"y"
print(r(), s(), t(), u(), v(), list(w()))
print ( [ i for i in range ( 3 ) if i ] [ : : 1 ] , { 1 : 2 } [ 1 ] )
p , * q = 1 , 2 , 3
print(p, q)
print(* [1, 2], sep = "-")
if a: pass
elif b: print("elif")
else: pass
x = y = z = 1 ;
print((n := 5), n)
print("a" "b" 'c' """d""" r'e' "" "f")
from sys import *
import sys as system , os as operating
from os import ( stat , listdir as ls , )
print(system is not None)
del a , b
del ( x ) , y
