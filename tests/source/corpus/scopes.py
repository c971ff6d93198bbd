counter = 0
def up():
    global counter ; counter += 1
def outer():
    x = 1 ; y = 2
    def inner():
        nonlocal x , y
        "string"
        x = x + 1
        y = 3
        return x , y
    return inner ( ) , x
up(); up()
print(counter, outer())
global late
late = 1
print(late)
