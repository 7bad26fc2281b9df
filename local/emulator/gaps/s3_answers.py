"""Error answers of S3 that botocore's model does not describe."""

from __future__ import annotations

from xml.sax.saxutils import escape


def refusal(status: int, code: str, message: str) -> tuple[int, dict[str, str], str]:
    """Returns an S3 error as moto's handlers return answers."""
    text = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    return (
        status,
        {"content-type": "application/xml"},
        f'<?xml version="1.0" encoding="UTF-8"?><Error>{text}</Error>',
    )
