"""Milliseconds of pytorch-metric-learning's ProxyNCALoss with its gradients; called by benchmarks/md_loss.py."""

import json
import sys
import time

import torch
from pytorch_metric_learning.losses import ProxyNCALoss

classes, width, batch_size, rounds = map(int, sys.argv[1:])
torch.manual_seed(0)
loss = ProxyNCALoss(num_classes=classes, embedding_size=width)
embeddings = torch.randn(batch_size, width, requires_grad=True)
labels = torch.randint(0, classes, (batch_size,))
best = float("inf")
for number in range(rounds + 2):
    started = time.perf_counter()
    loss.zero_grad()
    loss(embeddings, labels).backward()
    if number >= 2:
        best = min(best, 1e3 * (time.perf_counter() - started))
print(json.dumps(best))
