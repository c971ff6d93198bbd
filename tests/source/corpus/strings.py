print("a#b", 'a # b', "a\"b", 'it\'s', r"\d", "tab\there", """tri"ple""", '''tri'ple''')
print("" "", "" 'a', 'a' "", """""" "b", "c" """""")
print(b"bytes" b"more", rb"\raw", bytes(b'\x00\xff'))
print("  spaces  kept  ", """
    lines
	kept   
# not a comment
""")
x = "a" \
    "b"
print(x, ("c"
          "d"  # why
          "e"))
print({"a": "b", 'c': "d"}["a"], ["x" "y"], "%s-%s" % ("a", 'b'))
