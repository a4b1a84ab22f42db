"""The PyTorch side of training_step.py; needs nothing but torch.

python benchmarks/training_step_torch.py "torch compiled channels_last bfloat16" 256 8 WIDTHS

WIDTHS as for training_step_keras.py. The optimizer is PyTorch's own fused one.
"""

import contextlib
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional


def conv_bn(inputs, filters, size):
    return nn.Sequential(nn.Conv2d(inputs, filters, size, padding=size // 2, bias=False), nn.BatchNorm2d(filters))


def conv_relu(inputs, filters, size):
    return nn.Sequential(*conv_bn(inputs, filters, size), nn.ReLU())


class Component(nn.Module):
    """A network of ``fer_md.models.build_component``, as one writes it in PyTorch.

    Args:
        widths: dict of the fields of a ``fer_md.models.ComponentConfig``.
    """

    def __init__(self, widths):
        super().__init__()
        filters, more, sizes = widths["filters"], widths["more_filters"], widths["kernel_sizes"]
        one, reduce_three, three, reduce_five, five, project = widths["inception"]

        def stage(inputs, index, conv):
            if not more[index]:
                return conv(inputs, filters[index], sizes[index])
            return nn.Sequential(conv_relu(inputs, more[index], 3), conv(more[index], filters[index], sizes[index]))

        def fully_connected(inputs):
            return nn.Linear(inputs, widths["fc_units"]), nn.ReLU(), nn.Dropout(widths["dropout"])

        self.conv1, self.conv2 = stage(1, 0, conv_bn), stage(2 * filters[0], 1, conv_bn)
        inputs = 2 * filters[1]
        self.one = conv_relu(inputs, one, 1)
        self.three = nn.Sequential(conv_relu(inputs, reduce_three, 1), conv_relu(reduce_three, three, 3))
        self.five = nn.Sequential(conv_relu(inputs, reduce_five, 1), conv_relu(reduce_five, five, 5))
        self.project = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(inputs, project, 1))
        self.tail = nn.Sequential(
            stage(one + three + five + project, 2, conv_relu),
            nn.MaxPool2d(2),
            stage(filters[2], 3, conv_relu),
            nn.MaxPool2d(2),
            stage(filters[3], 4, conv_relu),
            nn.Flatten(),
            *fully_connected(9 * filters[4]),
            *fully_connected(widths["fc_units"]),
            nn.Linear(widths["fc_units"], 7),
        )

    def forward(self, x):
        x = x / 128 - 1
        for conv in (self.conv1, self.conv2):
            x = conv(x)
            x = functional.max_pool2d(functional.relu(torch.cat([x, -x], 1)), 2)
        return self.tail(torch.cat([self.one(x), self.three(x), self.five(x), self.project(x)], 1))


def main(variant, batch_size, steps, widths):
    torch.manual_seed(0)
    layout = torch.channels_last if "channels_last" in variant else torch.contiguous_format
    model = Component(widths).to(memory_format=layout)
    images = (256 * torch.rand(batch_size, 1, 48, 48)).to(memory_format=layout)
    labels = torch.randint(0, 7, (batch_size,))
    optimizer = torch.optim.SGD(model.parameters(), 0.01, 0.9, nesterov=True, weight_decay=5e-4, fused=True)
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )

    forward = torch.compile(model) if "compiled" in variant else model

    def step(number):
        autocast = torch.autocast("cpu", torch.bfloat16) if "bfloat16" in variant else contextlib.nullcontext()
        optimizer.zero_grad()
        with autocast:
            loss = functional.cross_entropy(forward(images), labels, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        if number % 8 == 7:
            averaged.update_parameters(model)

    for number in range(8):
        step(number)
    started = time.perf_counter()
    for number in range(steps):
        step(number)
    print(json.dumps(steps * batch_size / (time.perf_counter() - started)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), json.loads(sys.argv[4]))
