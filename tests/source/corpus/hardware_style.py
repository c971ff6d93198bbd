"""A driver as found in the wild."""

from micropython import const

_REG_CONFIG: int = const(0x1F)  # configuration
_REG_DATA = const(
    0x20
)

class Sensor:
    """Reads a sensor.

    Args:
        bus: where it is
    """

    def __init__(self, bus: "I2C", *, address: int = 0x40) -> None:
        self.bus = bus
        self.address: int = address
        self._buffer: bytearray = bytearray(2)

    def read(self) -> float:
        """Read once."""
        raw: int = (self._buffer[0] << 8) | self._buffer[1]  # big endian
        return raw * 0.5 if raw & 0x8000 == 0 else -1.0

print(Sensor(None).read(), _REG_CONFIG, _REG_DATA)
