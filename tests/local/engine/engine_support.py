"""Small programs and policy packs to drive the engine with."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from local.engine.binary import Engine
from local.engine.driver import Driver
from local.engine.workspace import Mode, Workspace

COMPONENTS = """
    import pulumi

    class Room(pulumi.ComponentResource):
        def __init__(self, name):
            super().__init__("energylake:test:Room", name)
            self.register_outputs({})

    for number in range(int(pulumi.Config().require("rooms"))):
        Room(f"room-{number}")
"""

PACK = """
    from pulumi_policy import EnforcementLevel, PolicyPack, StackValidationPolicy

    def judge(args, report):
        for resource in args.resources:
            if resource.name == "room-13":
                report("[T-1 no-thirteen] room-13: is unlucky\\n  Fix: build fewer rooms", resource.urn)

    PolicyPack("test", policies=[StackValidationPolicy(
        name="no-thirteen", description="There is no room 13.", validate=judge,
        enforcement_level=EnforcementLevel.MANDATORY)])
"""


@dataclass(frozen=True)
class Project:
    """A program in a folder of its own, and a clone's root beside it."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "clone"

    @property
    def program(self) -> Path:
        return self.folder / "program"

    @property
    def pack(self) -> Path:
        return self.folder / "pack"

    def write(self, program: str = COMPONENTS, *, settings: str = "config:\n  test:rooms: 3\n") -> None:
        self.program.joinpath("__main__.py").write_text(textwrap.dedent(program))
        for stack in ("local", "dev"):
            self.program.joinpath(f"Pulumi.{stack}.yaml").write_text(settings)

    def workspace(self, stack: str = "dev", mode: Mode = Mode.OFFLINE) -> Workspace:
        return Workspace(self.root, self.program, stack, mode)

    def driver(self, engine: Engine, stack: str = "dev") -> Driver:
        return Driver(self.workspace(stack), engine, self.pack)


def project(folder: Path) -> Project:
    """Make a project with a program of three components and a pack that forbids a fourteenth."""
    made = Project(folder)
    for place in (made.root, made.program, made.pack):
        place.mkdir(parents=True)
    made.program.joinpath("Pulumi.yaml").write_text("name: test\nruntime: python\n")
    made.pack.joinpath("PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.0.1\n")
    made.pack.joinpath("__main__.py").write_text(textwrap.dedent(PACK))
    made.write()
    return made
