größe = 3 ; naïve = größe if größe else 0
print("größe", größe , naïve, "日本", '\u00e9') ; x: int = 1
def été ( à : "é" = 2 , * ü : "ö" ) -> "ß" : "é"; return à
print(été(), x) # größe
"é"; print("ü")
