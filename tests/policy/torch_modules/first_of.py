"""A module that several tests of torch modules wrap layers in. Importing this needs torch."""

from torch import nn


class First(nn.Module):
    """The first of what a layer gives."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, *x):
        y = self.layer(*x)
        return y[0] if isinstance(y, tuple) else y
