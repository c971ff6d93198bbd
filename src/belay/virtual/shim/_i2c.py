# What a bus can do on which there may be something. It comes from the host, a byte at a time, when the first bus is
# made: boards without one keep the memory. "I2C" and "host" are given. The operations stand in ../bus.py.
def find(self, address):
    place = host(19, self._bus, address)
    if place < 0:
        raise OSError(19)
    return place


def scan(self):
    return [address for address in range(8, 0x78) if host(19, self._bus, address) >= 0]


def readfrom_into(self, address, data, stop=True):
    place = find(self, address)
    for at in range(len(data)):
        data[at] = host(22, place, 0)


def readfrom(self, address, count, stop=True):
    data = bytearray(count)
    readfrom_into(self, address, data)
    return bytes(data)


def writevto(self, address, parts, stop=True):
    place, count = find(self, address), 0
    for part in parts:
        for value in bytes(part):
            host(21 if count else 20, place, value)
            count += 1
    return count


def writeto(self, address, data, stop=True):
    return writevto(self, address, (data,))


def writeto_mem(self, address, memory, data, *, addrsize=8):
    writevto(self, address, (memory.to_bytes(addrsize // 8, "big"), data))


def readfrom_mem_into(self, address, memory, data, *, addrsize=8):
    writeto_mem(self, address, memory, b"", addrsize=addrsize)
    readfrom_into(self, address, data)


def readfrom_mem(self, address, memory, count, *, addrsize=8):
    data = bytearray(count)
    readfrom_mem_into(self, address, memory, data, addrsize=addrsize)
    return bytes(data)


def init(self, **_):
    pass


I2C.deinit = init
for method in (
    init, scan, readfrom_into, readfrom, writevto, writeto, writeto_mem, readfrom_mem_into, readfrom_mem
):  # fmt: skip
    setattr(I2C, method.__name__, method)
