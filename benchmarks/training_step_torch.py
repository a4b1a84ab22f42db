"""The PyTorch side of training_step.py; needs nothing but torch.

python benchmarks/training_step_torch.py "torch channels_last bfloat16" 256 8
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
    """The network of ``fer_md.models.ComponentConfig()``, as one writes it in PyTorch."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = conv_bn(1, 16, 5), conv_bn(32, 16, 3)
        self.one = conv_relu(32, 16, 1)
        self.three = nn.Sequential(conv_relu(32, 24, 1), conv_relu(24, 32, 3))
        self.five = nn.Sequential(conv_relu(32, 4, 1), conv_relu(4, 8, 5))
        self.project = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(32, 8, 1))
        self.tail = nn.Sequential(
            conv_relu(64, 64, 3),
            nn.MaxPool2d(2),
            conv_relu(64, 96, 3),
            nn.MaxPool2d(2),
            conv_relu(96, 128, 3),
            nn.Flatten(),
            nn.Linear(1152, 2048),
            nn.ReLU(),
            nn.Dropout(0.35),
            nn.Linear(2048, 2048),
            nn.ReLU(),
            nn.Dropout(0.35),
            nn.Linear(2048, 7),
        )

    def forward(self, x):
        x = x / 128 - 1
        for conv in (self.conv1, self.conv2):
            x = conv(x)
            x = functional.max_pool2d(functional.relu(torch.cat([x, -x], 1)), 2)
        return self.tail(torch.cat([self.one(x), self.three(x), self.five(x), self.project(x)], 1))


def main(variant, batch_size, steps):
    torch.manual_seed(0)
    layout = torch.channels_last if "channels_last" in variant else torch.contiguous_format
    model = Component().to(memory_format=layout)
    images = (256 * torch.rand(batch_size, 1, 48, 48)).to(memory_format=layout)
    labels = torch.randint(0, 7, (batch_size,))
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )

    def step(number):
        autocast = torch.autocast("cpu", torch.bfloat16) if "bfloat16" in variant else contextlib.nullcontext()
        optimizer.zero_grad()
        with autocast:
            loss = functional.cross_entropy(model(images), labels, label_smoothing=0.1)
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
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
