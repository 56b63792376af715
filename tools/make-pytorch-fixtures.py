"""Writes tests/Phf.Tests/Formats/Fixtures/*.pt with PyTorch (made with 1.13): every dtype, views, nested values, and files that ask for code.

    python3 tools/make-pytorch-fixtures.py tests/Phf.Tests/Formats/Fixtures
"""
import collections
import os
import sys

import torch

folder = sys.argv[1]


def save(name, value, **options):
    torch.save(value, os.path.join(folder, name + ".pt"), **options)
    torch.save(value, os.path.join(folder, name + ".legacy.pt"), _use_new_zipfile_serialization=False, **options)


signed = torch.tensor([[-2, -1, 0], [1, 2, 3]])
types = {
    "f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16,
    "i64": torch.int64, "i32": torch.int32, "i16": torch.int16, "i8": torch.int8,
}
tensors = collections.OrderedDict((name, signed.to(dtype)) for name, dtype in types.items())
tensors["u8"] = (signed + 2).to(torch.uint8)
tensors["bool"] = signed > 0
tensors["scalar"] = torch.tensor(7.5)
tensors["empty"] = torch.zeros(0, 4)
save("dtypes", tensors)
save("protocol4", tensors, pickle_protocol=4)

base = torch.arange(24, dtype=torch.float32).view(4, 6)
save("views", {
    "base": base, "transposed": base.t(), "column": base[:, 2], "block": base[1:3, 1:5],
    "strided": base[::2, ::3], "row": base[1:2], "halves": base.half().t(),
})

linear = torch.nn.Linear(3, 2)
with torch.no_grad():
    linear.weight.copy_(torch.arange(6.0).view(2, 3))
    linear.bias.copy_(torch.tensor([0.5, -0.5]))
optimizer = torch.optim.SGD(linear.parameters(), lr=0.1, momentum=0.9)
config = {
    "arch": {"type": "BERT", "num_classes": 3}, "names": ["a", "b"], "rate": 0.25, "flag": True, "none": None,
    "pair": (1, 300), "large": 2**40, "negative": -5, "odd": -(2**40), "text": "caf\u00e9 " * 100, "size": torch.Size([2, 3]),
}
save("nested", {"config": config, "state_dict": linear.state_dict(), "optimizer": optimizer.state_dict()})
save("parameter", {"layers": {"0": {"w": torch.nn.Parameter(torch.ones(2))}}})


class Code:
    def __reduce__(self):
        return (os.system, ("echo this must never be printed",))


save("code", {"weight": torch.ones(2), "extra": Code()})
save("code-protocol4", {"weight": torch.ones(2), "extra": Code()}, pickle_protocol=4)
torch.save({"weight": torch.sparse_coo_tensor([[0], [1]], [1.0], (2, 2))}, os.path.join(folder, "sparse.pt"))
torch.save({"weight": torch.zeros(2, dtype=torch.complex64)}, os.path.join(folder, "complex.pt"))
torch.save({"weight": torch.zeros(1).expand(5)}, os.path.join(folder, "expanded.pt"))
