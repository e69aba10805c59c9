# mypy: allow-untyped-defs, allow-untyped-calls
"""Runs a checkpoint through MXNet for another process: python worker.py SYMBOL PARAMS NODE DEVICE.

It stands alone: its interpreter has MXNet 1.9.1 and an old numpy, but not visitord.  Frames go in
on stdin and out on stdout: a letter, the payload's length (unsigned, 32 bits, little-endian), the
payload.  Asked C, crops as RGB uint8 (n, 112, 112, 3), it answers E, embeddings as float32 (n, d);
before the first, R: ready; instead, X: why not.
"""

import os
import signal
import struct
import sys

SIDE_PX = 112
INPUT = "data"
HEADER = struct.Struct("<cI")
REASON_MAX = 400  # characters of what MXNet says about a failure


def load(symbol_file, params_file, node, device):
    """What turns the bytes of crops into the bytes of embeddings."""
    import mxnet as mx
    import numpy as np

    context = _context(mx, device)
    network = mx.sym.load(symbol_file).get_internals()[node + "_output"]
    shape = (1, 3, SIDE_PX, SIDE_PX)
    executor = network.simple_bind(context, grad_req="null", data=shape)
    stored = mx.nd.load(params_file)
    for kind, own in (("arg:", executor.arg_dict), ("aux:", executor.aux_dict)):
        for name in set(own) - {INPUT}:
            own[name][:] = stored[kind + name].astype("float32")

    def embed(content):
        crops = np.frombuffer(content, np.uint8).reshape(-1, 1, SIDE_PX, SIDE_PX, 3)
        planes = crops.transpose(0, 1, 4, 2, 3)
        rows = []
        for one in planes:
            outputs = executor.forward(data=mx.nd.array(one, context))
            rows.append(outputs[0].asnumpy())
        return np.concatenate(rows).astype("<f4").tobytes()

    return embed


def _context(mx, device):
    """The graphics card that `models.device` asks for, by "auto" the first; else the CPU."""
    if device.startswith("cuda:"):
        return mx.gpu(int(device[len("cuda:") :]))
    if device == "auto" and mx.context.num_gpus():
        return mx.gpu(0)
    return mx.cpu()


def main(*arguments):
    # It ends when stdin does, so with the process that asks, even if that is killed.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what MXNet prints does not get between the frames

    def say(about, payload):
        answers.write(HEADER.pack(about, len(payload)) + payload)
        answers.flush()

    try:
        embed = load(*arguments)
        say(b"R", b"")
        while header := sys.stdin.buffer.read(HEADER.size):
            _, size_bytes = HEADER.unpack(header)
            say(b"E", embed(sys.stdin.buffer.read(size_bytes)))
    except Exception as error:
        reason = " ".join((type(error).__name__ + ": " + str(error)).split())
        say(b"X", reason[:REASON_MAX].encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
