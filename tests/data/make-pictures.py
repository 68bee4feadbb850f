#!/usr/bin/python3
# Makes patches.png and colours.png: crops of photographs, those to train on in
# the upper half, those held out in the lower half.
# SPDX-License-Identifier: LGPL-2.1-or-later
#
#   tests/data/make-pictures.py FOLDER
#
# FOLDER holds the photographs of Budgie Backgrounds (CC0-1.0), 1920 or more
# pixels wide; each is brought to a width of 800 by averaging, so that little of
# the camera's noise is left.
import os
import sys
from PIL import Image

ROWS = (['canyon-wren', 'oakland-zoo-otters', 'the-spices-of-life',
         'piazza-gae-aulenti'],
        ['perched-osprey', 'roman-colosseum', 'casa-mila', 'tea-gardens'])


def crop(folder, name, size):
    picture = Image.open(os.path.join(folder, name + '.jpg')).convert('RGB')
    height = round(picture.height * 800 / picture.width)
    picture = picture.resize((800, height), Image.BOX)
    x, y = (800 - size) // 2, (height - size) // 2
    return picture.crop((x, y, x + size, y + size))


def mosaic(folder, size, mode, name):
    out = Image.new(mode, (len(ROWS[0]) * size, 2 * size))
    for y, row in enumerate(ROWS):
        for x, photo in enumerate(row):
            out.paste(crop(folder, photo, size).convert(mode),
                      (x * size, y * size))
    here = os.path.dirname(os.path.abspath(__file__))
    out.save(os.path.join(here, name), optimize=True)


mosaic(sys.argv[1], 160, 'L', 'patches.png')
mosaic(sys.argv[1], 144, 'RGB', 'colours.png')
