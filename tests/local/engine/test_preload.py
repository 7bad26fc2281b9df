"""The program's imports, loaded before the program runs."""

import subprocess
import sys
from pathlib import Path

from local.engine import preload
from local.engine.workspace import CODE

LOADS = """
import sys
from pathlib import Path
from local.engine import preload
program = Path(sys.argv[1])
preload.begin(program)
preload.wait(program)
print("components.glue_pipeline" in sys.modules, "__main__.py" in sys.modules)
"""


def test_the_projects_own_program_is_loaded_and_nothing_of_it_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS, str(CODE)], cwd=CODE, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "False"]
    assert done.stderr == ""


def test_a_foreign_program_is_left_to_itself(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("from nowhere import nothing\n")
    preload.begin(tmp_path)
    preload.wait(tmp_path)
    assert "nowhere" not in sys.modules
