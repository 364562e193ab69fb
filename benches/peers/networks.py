"""The networks and data of the comparisons, written anew in PyTorch so that they share no code with Hesse."""

import gzip
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Block(nn.Module):
    """A block of akamaster's CIFAR-10 ResNet."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.grows = stride != 1 or inputs != outputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.grows:  # option A: every other pixel, zeros for the new channels
            pad = y.shape[1] // 4
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, pad, pad))
        return F.relu(x + y)


class ResNet20(nn.Module):
    """akamaster's ResNet-20, the normalisation of the pictures included."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        width = 16
        for layer, (outputs, stride) in enumerate([(16, 1), (32, 2), (64, 2)], 1):
            blocks = []
            for i in range(3):
                blocks.append(Block(width, outputs, stride if i == 0 else 1))
                width = outputs
            setattr(self, f"layer{layer}", nn.Sequential(*blocks))
        self.linear = nn.Linear(64, 10)
        mean, deviation = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1), persistent=False)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1((x - self.mean) / self.deviation)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


class SmallCnn(nn.Module):
    """The network of the TRADES checkpoint: names and order of its parameters."""

    def __init__(self):
        super().__init__()
        self.feature_extractor = nn.Sequential()
        for i, (a, b) in enumerate([(1, 32), (32, 32), (32, 64), (64, 64)], start=1):
            self.feature_extractor.add_module(f"conv{i}", nn.Conv2d(a, b, 3))
            self.feature_extractor.add_module(f"relu{i}", nn.ReLU(True))
            if i % 2 == 0:
                self.feature_extractor.add_module(f"maxpool{i // 2}", nn.MaxPool2d(2, 2))
        self.classifier = nn.Sequential()
        for i, (a, b) in enumerate([(1024, 200), (200, 200), (200, 10)], start=1):
            self.classifier.add_module(f"fc{i}", nn.Linear(a, b))
            if i < 3:
                self.classifier.add_module(f"relu{i}", nn.ReLU(True))

    def forward(self, x):
        return self.classifier(self.feature_extractor(x).flatten(1))


class C1(nn.Module):
    """The paper's C1: two convolutions with batch normalisation, three dense layers."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 5, 1, 2), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = nn.Conv2d(64, 64, 5, 1, 2), nn.BatchNorm2d(64)
        self.fc1, self.fc2, self.fc3 = nn.Linear(4096, 384), nn.Linear(384, 192), nn.Linear(192, 10)

    def forward(self, x):
        x = F.max_pool2d(self.bn1(F.relu(self.conv1(x))), 3, 2, 1)
        x = F.max_pool2d(self.bn2(F.relu(self.conv2(x))), 3, 2, 1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.flatten(1))))))


class M1(nn.Module):
    """The paper's M1: two convolutions and two dense layers."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 20, 5), nn.Conv2d(20, 50, 5)
        self.fc1, self.fc2 = nn.Linear(800, 500), nn.Linear(500, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def resnet20(weights, batch, samples):
    """ResNet-20 with akamaster's weights and the first pictures of a file of CIFAR-10's binary layout."""
    stored = torch.load(weights, map_location="cpu", weights_only=True)["state_dict"]
    net = ResNet20()
    net.load_state_dict({k.removeprefix("module."): v for k, v in stored.items()})
    raw = np.fromfile(batch, np.uint8).reshape(-1, 3073)[:samples]
    x = torch.tensor(raw[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / 255)
    return net.eval(), x, torch.tensor(raw[:, 0].astype(np.int64))


def mnist(folder, n):
    with gzip.open(os.path.join(folder, "t10k-images-idx3-ubyte.gz")) as f:
        x = np.frombuffer(f.read()[16:], np.uint8)[: n * 784].reshape(n, 1, 28, 28)
    with gzip.open(os.path.join(folder, "t10k-labels-idx1-ubyte.gz")) as f:
        y = np.frombuffer(f.read()[8:], np.uint8)[:n]
    return torch.tensor(x).float() / 255, torch.tensor(y).long()
