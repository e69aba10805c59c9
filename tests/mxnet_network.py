"""Run by an interpreter that has MXNet: writes a small network of random weights in the shape of ArcFace's ResNets.

python mxnet_network.py PREFIX EPOCH
"""

import sys

import mxnet as mx
import numpy as np


def convolution(x, filters, kernel, name, stride=1, groups=1):
    return mx.sym.Convolution(
        x,
        num_filter=filters,
        kernel=(kernel, kernel),
        stride=(stride, stride),
        pad=(kernel // 2, kernel // 2),
        num_group=groups,
        no_bias=True,
        name=name,
    )


def norm(x, name, fixed=False):
    return mx.sym.BatchNorm(x, fix_gamma=fixed, eps=2e-5, momentum=0.9, name=name)


def prelu(x, name):
    return mx.sym.LeakyReLU(x, act_type="prelu", name=name)


def gated(x, filters, name):
    """Squeeze and excitation."""
    y = mx.sym.Pooling(x, global_pool=True, kernel=(7, 7), pool_type="avg", name=name + "_pool")
    y = prelu(mx.sym.Convolution(y, num_filter=4, kernel=(1, 1), name=name + "_conv1"), name + "_prelu")
    y = mx.sym.Convolution(y, num_filter=filters, kernel=(1, 1), name=name + "_conv2")
    return mx.sym.broadcast_mul(x, mx.sym.Activation(y, act_type="sigmoid", name=name + "_sigmoid"))


def unit(x, filters, name, stride, groups):
    y = norm(convolution(norm(x, name + "_bn1"), filters, 3, name + "_conv1"), name + "_bn2")
    y = convolution(prelu(y, name + "_relu1"), filters, 3, name + "_conv2", stride, groups)
    y = gated(norm(y, name + "_bn3"), filters, name + "_se")
    return y + (x if stride == 1 else norm(convolution(x, filters, 1, name + "_conv1sc", stride), name + "_sc"))


def network():
    x = (mx.sym.identity(mx.sym.Variable("data"), name="id") - 127.5) * 0.0078125
    x = prelu(norm(convolution(x, 8, 3, "conv0", 2), "bn0"), "relu0")
    for i, (filters, stride, groups) in enumerate(((8, 2, 1), (8, 1, 8), (16, 2, 4), (24, 2, 1))):
        x = unit(x, filters, f"stage{i}", stride, groups)
    x = mx.sym.Dropout(norm(x, "bn1"), p=0.4)
    return norm(mx.sym.FullyConnected(x, num_hidden=64, name="pre_fc1"), "fc1", fixed=True)


def values(name, shape, random):
    if name.endswith("_var"):
        return random.uniform(0.5, 2, shape)
    if name.endswith("_gamma"):
        return random.uniform(0.2, 1.8, shape)
    if name.endswith("_weight"):
        return random.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape)
    return random.normal(0, 0.3, shape)


def main(prefix, epoch):
    made, random = network(), np.random.RandomState(3)
    arguments, _, auxiliary = made.infer_shape(data=(1, 3, 112, 112))
    stored = []
    for names, shapes in ((made.list_arguments(), arguments), (made.list_auxiliary_states(), auxiliary)):
        filled = ((name, values(name, shapes[i], random)) for i, name in enumerate(names) if name != "data")
        stored.append({name: mx.nd.array(array) for name, array in filled})
    mx.model.save_checkpoint(prefix, int(epoch), made, *stored)


if __name__ == "__main__":
    main(*sys.argv[1:])
