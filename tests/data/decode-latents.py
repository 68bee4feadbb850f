#!/usr/bin/env python3
"""Decodes the latents of a stream as docs/bitstream.md says, slowly.
SPDX-License-Identifier: LGPL-2.1-or-later

    decode-latents.py SYMBOLS STREAM    prints a line for each frame
"""
import bisect
import struct
import sys
import zlib

SYNC = b"\xf5AEL"
TOTAL = 16384
ZERO = [326, 466, 668, 950, 1342, 1876, 2586, 3500, 4628, 5952, 7414, 8930,
        10396, 11724, 12858, 13776, 14492, 15030, 15424, 15710, 15912, 16056,
        16156, 16226, 16274, 16308, 16332, 16348, 16360, 16366, 16372, 16376]
DECAY = [9, 14, 22, 33, 48, 69, 94, 123, 152, 179, 201, 218, 231, 240, 245, 249]
NEAR = [0, 1, 2, 3, 5, 7, 10, 15, 22, 33, 50, 80]
EARLIER = [0, 1, 2, 3, 5, 9, 16, 28]
INTRA, CHANGED, HELD = 0, 1, 2
LIMIT = 16383


class Refused(Exception):
    pass


def table(index):
    """Section 8: the first slot of each magnitude, and the end."""
    zero, decay = ZERO[index // 16], DECAY[index % 16]
    first, left = [0, zero], (TOTAL - zero) // 2
    for _ in range(1, 15):
        share = left * (256 - decay) // 256
        if share < 1 or share >= left:
            break
        left -= share
        first.append(first[-1] + 2 * share)
    return first + [TOTAL]


TABLES = [table(i) for i in range(512)]


class Coder:
    """Section 7."""

    def __init__(self, data):
        if len(data) < 8:
            raise Refused
        self.states = list(struct.unpack_from("<II", data))
        self.data, self.at = data, 8

    def slot(self):
        return self.states[0] % TOTAL

    def take(self, start, freq):
        x = freq * (self.states[0] // TOTAL) + self.slot() - start
        if x < 65536:
            if len(self.data) - self.at < 2:
                raise Refused
            x = x * 65536 + struct.unpack_from("<H", self.data, self.at)[0]
            self.at += 2
        self.states = [self.states[1], x]

    def bit(self, contexts, name):
        z = contexts.setdefault(name, 8192)
        if self.slot() < z:
            self.take(0, z)
            contexts[name] = z + (TOTAL - z) // 16
            return 0
        self.take(z, TOTAL - z)
        contexts[name] = z - z // 16
        return 1

    def plain(self, k):
        value = self.slot() >> (14 - k)
        self.take(value << (14 - k), 1 << (14 - k))
        return value

    def residual(self, index):
        first = TABLES[index]
        slot = self.slot()
        m = bisect.bisect_right(first, slot) - 1
        if m == 0:
            self.take(0, first[1])
            return 0
        half = (first[m + 1] - first[m]) // 2
        negative = slot >= first[m] + half
        self.take(first[m] + half * negative, half)
        if m == len(first) - 2:
            k = self.plain(4)
            if k > 14:
                raise Refused
            m += (1 << k) - 1 + (self.plain(k) if k else 0)
        return -m if negative else m

    def ends_well(self):
        return self.states == [65536, 65536] and self.at == len(self.data)


class Number(Coder):
    """Section 13.4."""

    def __init__(self, data):
        self.x = int.from_bytes(data, "little")

    def slot(self):
        return self.x % TOTAL

    def take(self, start, freq):
        self.x = freq * (self.x // TOTAL) + self.x % TOTAL - start

    def ends_well(self):
        return self.x == 0


class Symbols:
    """Section 9."""

    def __init__(self, data):
        self.n_planes, self.n_sets = struct.unpack_from("<HB", data, 1)
        self.level_sets = data[4:14]
        self.parents, self.weights, at = [], [], 14
        for _ in range(self.n_planes):
            self.parents.append([p for p in data[at:at + 4] if p != 255])
            self.weights.append(struct.unpack_from("<hhh", data, at + 4))
            at += 10
        self.maps = struct.unpack("<%dH" % ((len(data) - at) // 2), data[at:])

    def table(self, level, block, plane, earlier, near):
        index = self.level_sets[level] * 2 + block
        index = index * self.n_planes + plane
        index = index * 8 + bisect.bisect_right(EARLIER, earlier) - 1
        index = index * 12 + bisect.bisect_right(NEAR, near) - 1
        return self.maps[index]


def varint(data, at):
    value = 0
    for i in range(5):
        if at + i >= len(data):
            raise Refused
        byte = data[at + i]
        value |= (byte & 127) << 7 * i
        if byte < 128:
            if value >> 32 or (i and not byte):
                raise Refused
            return value, at + i + 1
    raise Refused


def predict(weights, blocks, values, x, y):
    """Section 9.2."""
    near = [values[q] if blocks.get(q) == INTRA else None
            for q in ((x - 1, y), (x, y - 1), (x - 1, y - 1))]
    if None not in near:
        total = sum(w * v for w, v in zip(weights, near))
    elif near[0] is not None:
        total = sum(weights) * near[0]
    elif near[1] is not None:
        total = sum(weights) * near[1]
    else:
        total = 0
    return max(-LIMIT, min(LIMIT, (total + 128) >> 8))


def take_blocks(coder, contexts, kind, w, h):
    blocks = {}
    for y in range(h):
        for x in range(w):
            blocks[x, y] = INTRA
            if kind == 0:
                continue
            held = sum(blocks.get(q, HELD) == HELD
                       for q in ((x - 1, y), (x, y - 1)))
            if coder.bit(contexts, ("held", held)):
                blocks[x, y] = HELD
            elif not coder.bit(contexts, "intra"):
                blocks[x, y] = CHANGED
    return blocks


def take_plane(coder, symbols, level, plane, is_empty, blocks, reference,
               magnitudes):
    values, mine = {}, magnitudes[plane]
    for (x, y), block in blocks.items():
        if block == HELD:
            values[x, y] = reference[x, y]
            continue
        residual = 0
        if not is_empty:
            near = 2 * mine.get((x - 1, y), 0) + 2 * mine.get((x, y - 1), 0) \
                + mine.get((x - 1, y - 1), 0) + mine.get((x + 1, y - 1), 0)
            earlier = sum(magnitudes[p].get((x, y), 0)
                          for p in symbols.parents[plane])
            residual = coder.residual(
                symbols.table(level, block, plane, earlier, near))
        mine[x, y] = min(abs(residual), 255)
        value = residual + (
            reference[x, y] if block == CHANGED
            else predict(symbols.weights[plane], blocks, values, x, y))
        if abs(value) > LIMIT:
            raise Refused
        values[x, y] = value
    return values


def decode_slice(data, header, symbols, frame, latents, told):
    """Section 6."""
    if len(data) < 17:
        raise Refused
    crc = struct.unpack_from("<I", data, len(data) - 4)[0]
    if zlib.crc32(data[:-4], header["crc"]) != crc:
        raise Refused
    kind, at, rect = data[0], 1, []
    for _ in range(4):
        value, at = varint(data[:-4], at)
        rect.append(value)
    x0, y0, w, h = rect
    if kind != header["type"] or not w or not h \
            or x0 + w > frame[0] or y0 + h > frame[1]:
        raise Refused
    places = {(x0 + x, y0 + y) for x in range(w) for y in range(h)}
    if places & told:
        raise Refused
    coder, contexts = Coder(data[at:-4]), {}
    blocks = take_blocks(coder, contexts, kind, w, h)
    planes, is_empty = [], 0
    magnitudes = [{} for _ in range(symbols.n_planes)]
    for p in range(symbols.n_planes):
        is_empty = coder.bit(contexts, ("empty", is_empty))
        reference = {(x, y): latents[p][y0 + y][x0 + x] for x, y in blocks}
        planes.append(take_plane(coder, symbols, header["level"], p, is_empty,
                                 blocks, reference, magnitudes))
    if not coder.ends_well():
        raise Refused
    for p, values in enumerate(planes):
        for (x, y), value in values.items():
            latents[p][y0 + y][x0 + x] = value
    told |= places


def read_header(data, at):
    """Section 4."""
    if data[at:at + 4] != SYNC or len(data) - at < 56:
        return None
    n = struct.unpack_from("<H", data, at + 6)[0]
    if n < 56 or len(data) - at < n:
        return None
    crc = struct.unpack_from("<I", data, at + n - 4)[0]
    if zlib.crc32(data[at:at + n - 4]) != crc or data[at + 4] != 1:
        return None
    header = {"crc": crc, "bytes": n, "type": data[at + 8],
              "level": data[at + 10], "scale": data[at + 11]}
    names = "width height n_planes n_slices rate_n rate_d number reference"
    header.update(zip(names.split(),
                      struct.unpack_from("<4H4I", data, at + 12)))
    header["payload"] = struct.unpack_from("<I", data, at + 44)[0]
    header["sizes"] = struct.unpack_from(
        "<%dH" % header["n_slices"], data, at + 52)
    return header


def decode_frame(data, at, header, symbols, latents, told):
    frame = [(header[side] + (1 << header["scale"]) - 1) >> header["scale"]
             for side in ("width", "height")]
    if not latents:
        latents += [[[0] * frame[0] for _ in range(frame[1])]
                    for _ in range(header["n_planes"])]
    n_damaged, start = 0, at + header["bytes"]
    for size in header["sizes"]:
        try:
            decode_slice(data[start:start + size], header, symbols, frame,
                         latents, told)
        except Refused:
            n_damaged += 1
        start += size
    n_missing = frame[0] * frame[1] - len(told) if header["type"] != 2 else 0
    crc = zlib.crc32(b"".join(struct.pack("<%dh" % len(row), *row)
                              for plane in latents for row in plane))
    print("frame %u type %u slices %u damaged %u missing %u crc %08x" % (
        header["number"], header["type"], header["n_slices"], n_damaged,
        n_missing, crc))


def read_sound(data, at, before):
    """Section 13.1: number, type, grade, packets, and where the payload is."""
    if before and data[at] >> 4 == 10:
        number, expected = data[at] & 15, before[0] + before[3]
        frame = [expected + (number - expected) % 16,
                 2 if data[at + 1] & 128 else 1, data[at + 1] & 127, before[3],
                 at + 3, at + 3 + data[at + 2]]
    else:
        n = struct.unpack_from("<H", data, at + 6)[0]
        start = at + n
        frame = [struct.unpack_from("<I", data, at + 24)[0], data[at + 8],
                 8 * data[at + 10] + data[at + 11], data[at + 12], start,
                 start + struct.unpack_from("<H", data, at + 36)[0]]
    end = frame[5]
    crc = struct.unpack_from("<H", data, end)[0]
    if zlib.crc32(data[at:end]) & 0xffff != crc:
        raise Refused
    return frame


def decode_packet(coder, symbols, level, reference):
    """Section 13.3."""
    residuals, values = [], []
    for plane in range(symbols.n_planes):
        earlier = sum(min(abs(residuals[p]), 255)
                      for p in symbols.parents[plane])
        block = INTRA if reference is None else CHANGED
        residuals.append(coder.residual(
            symbols.table(level, block, plane, earlier, 0)))
        expected = 0 if reference is None else (
            symbols.weights[plane][0] * reference[plane] + 128) >> 8
        values.append(residuals[plane] + expected)
        if abs(values[plane]) > LIMIT:
            raise Refused
    return values


def decode_sound(data, symbols):
    """Section 13, of a stream without damage."""
    at, frame, values = 0, None, [0] * symbols.n_planes
    while at < len(data):
        frame = read_sound(data, at, frame)
        number, kind, grade, n, start, end = frame
        coder, told = Number(data[start:end]), b""
        reference = values if kind == 1 else None
        for _ in range(n):
            if kind == 2:
                values = [0] * symbols.n_planes
            else:
                values = decode_packet(coder, symbols, grade // 8, reference)
            reference = values
            told += struct.pack("<%dh" % len(values), *values)
        if not coder.ends_well():
            raise Refused
        print("frame %u type %u grade %u packets %u crc %08x" % (
            number, kind, grade, n, zlib.crc32(told)))
        at = end + 2


def main():
    with open(sys.argv[1], "rb") as file:
        symbols = Symbols(file.read())
    with open(sys.argv[2], "rb") as file:
        data = file.read()
    if data[9] == 1:
        decode_sound(data, symbols)
        return
    at, latents, told, number = 0, [], set(), None
    while at < len(data):
        header = read_header(data, at)
        if header is None:
            at += 1
            continue
        if header["number"] != number:
            number, told = header["number"], set()
        decode_frame(data, at, header, symbols, latents, told)
        at += header["bytes"] + header["payload"]


main()
