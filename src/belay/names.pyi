# What a type checker sees. Without stubs of a board all of it is of any type: __getattr__ sees to that.
# The modules with a u before their name are the board's, also where CPython has one of that name.
# mypy: disable-error-code="import-not-found,unused-ignore"
from typing import Any

import machine as machine
import uos as os
import utime as time
from machine import ADC as ADC
from machine import I2C as I2C
from machine import PWM as PWM
from machine import SPI as SPI
from machine import Pin as Pin
from machine import Timer as Timer
from micropython import const as const
from utime import sleep as sleep

__all__ = ["ADC", "I2C", "PWM", "SPI", "Pin", "Timer", "const", "machine", "os", "sleep", "time"]

class BoardName: ...

def __getattr__(name: str) -> Any: ...
