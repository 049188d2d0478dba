"""A line between this network and a namespace's, with delay and loss as asked; for kernels without tc-netem(8) too.

    slow-line.py <namespace> <device here> <device there>

Makes a TUN device on either side and carries packets between them until its input ends. Each line of input is JSON
{"delayMs": each way, "lossPercent": each way}. Random losses come from a fixed seed, so that two runs lose alike.
"""
import collections
import ctypes
import fcntl
import json
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA  # linux/if_tun.h
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
CLONE_NEWNET = 0x40000000  # setns(2)
PACKETS_HELD = 20_000  # what a fast sender has under way in half a second; beyond it the line is full, as lines are


def tun(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def main(namespace, here_name, there_name):
    here = tun(here_name)
    with open(f"/run/netns/{namespace}") as target:
        if ctypes.CDLL(None, use_errno=True).setns(target.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    there = tun(there_name)
    other = {here: there, there: here}
    chance = random.Random(1)
    delay, loss = 0.0, 0.0
    under_way = collections.deque()  # (due, device, packet): one delay for all, so they leave in the order they came
    while True:
        wait = None if not under_way else max(0.0, under_way[0][0] - time.monotonic())
        for source in select.select([here, there, sys.stdin], [], [], wait)[0]:
            if source is sys.stdin:
                words = sys.stdin.readline()
                if words == "":
                    return
                line = json.loads(words)
                delay, loss = line["delayMs"] / 1000, line["lossPercent"] / 100
                continue
            for _ in range(64):
                try:
                    packet = os.read(source, 65_536)
                except BlockingIOError:
                    break
                except OSError:  # EBADFD: nobody has set the device up yet
                    time.sleep(0.01)
                    break
                if len(under_way) < PACKETS_HELD and chance.random() >= loss:
                    under_way.append((time.monotonic() + delay, other[source], packet))
        now = time.monotonic()
        while under_way and under_way[0][0] <= now:
            _, device, packet = under_way.popleft()
            try:
                os.write(device, packet)
            except OSError:
                pass  # the device is full or not up yet: one more loss


main(*sys.argv[1:4])
