"""When exactly did it happen? Readings of the board bear this computer's time, not that of their arrival.

Wiring: anything that can be measured at pin 26; see adc.py.

One sees: how the clocks stand to each other; then readings with the moment at which they were taken,
and how much later they were here.
"""

from __future__ import annotations

import sys

import belay

PIN, READINGS = 26, 5

with belay.Device(*sys.argv[1:]) as device:

    @device.task(return_time=True)
    def readings(number, count):
        sensor = ADC(Pin(number))
        for _ in range(count):
            time.sleep_ms(10)
            yield sensor.read_u16()

    clock = device.sync_time()
    print(f"round trip {1000 * clock.round_trip:.2f} ms; times are right to {1e6 * clock.error:.0f} us")
    moments = []
    for reading, moment in readings(PIN, READINGS):
        late = (device.now() - moment).total_seconds()
        print(f"{moment:%H:%M:%S.%f} {reading}, here {1000 * late:.2f} ms later")
        moments.append(moment)
