CONFIG = {
    "pins": [1, 2,
             3],  # comment
    "names": ("a", "b",),
    """multi
line""": {
        1: {2: {3: [lambda: 4, ][0]()}}
    },
}
print(sorted(CONFIG), CONFIG["pins"][-1], CONFIG["names"][::1])
a, (b, [c, d]) = 1, (2, [3, 4])
(e, f), g = (5, 6), 7
[h, i] = 8, 9
print(a, b, c, d, e, f, g, h, i)
