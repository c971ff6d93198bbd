if 1:
	if 1:
		print('tabs')

		# comment
	print('one')
if 1:
  if 1:
        print('wide')
  print('two')
class A:
 def f(self):
      # left
   # right
      return 1


      # after
print(A().f())
if 1 :
    pass ; print('pass')
else :
    pass
# end
