"""Starts the plugin: `python -u -m local.provider <engine address>`, as the engine does."""

import argparse

from local.provider.server import serve

parser = argparse.ArgumentParser(
    prog="pulumi-resource-aws", description="the aws provider of the embedded AWS"
)
parser.add_argument("engine", nargs="?", help="address of the engine's own service")
serve(parser.parse_known_args()[0].engine)
