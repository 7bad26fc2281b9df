"""The version the embedded provider stands in for: that of the installed SDK, which the engine asks for."""

from importlib.metadata import version

VERSION = version("pulumi-aws")
