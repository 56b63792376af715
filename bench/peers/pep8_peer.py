"""Characters per second of pycodestyle as a library, in one process: /usr/bin/python3 bench/peers/pep8_peer.py FILES_OR_FOLDERS

The options are those of the PEP8 scorer, pycodestyle's defaults. Processor time is counted, as in Phf.Benchmarks.
"""
import io
import os
import sys
import time

import pycodestyle


def files(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        yield from sorted(os.path.join(root, name) for root, _, names in os.walk(path) for name in names if name.endswith(".py"))


def read(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


def main():
    texts = [read(path) for path in files(sys.argv[1:])]
    style = pycodestyle.StyleGuide(reporter=pycodestyle.BaseReport)
    failed = 0
    start = time.process_time()
    for text in texts:
        try:
            style.input_file("text.py", lines=io.StringIO(text, newline="\n").readlines())
        except IndexError:  # a string over several lines as the last token in open brackets
            failed += 1
    seconds = time.process_time() - start
    characters = sum(map(len, texts))
    print(f"pycodestyle {pycodestyle.__version__}: {len(texts)} files, {characters} characters, {style.options.report.total_errors} violations, "
          f"{characters / seconds / 1e6:.3f} M characters/s, {failed} files failed")


main()
