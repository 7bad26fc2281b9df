"""Errors of the policy pack."""


class PolicyPackError(Exception):
    """The pack itself, not the stack it judges, is at fault.

    Args:
        what: What failed.
        where: The control, file or setting concerned.
        fix: How to repair it.

    """

    def __init__(self, what: str, where: str | None = None, fix: str | None = None) -> None:
        self.what = what
        self.where = where
        self.fix = fix
        parts = [what if where is None else f"{where}: {what}"]
        if fix is not None:
            parts.append(f"Fix: {fix}")
        super().__init__(". ".join(parts))
