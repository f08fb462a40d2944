"""The tutorial runs: its Python, its commands; and every link from one page to another leads somewhere."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
TUTORIAL = DOCS / "tutorial.md"


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def shape(line: str) -> str:
    """A line without its numbers and its widths."""
    return " ".join(re.sub(r"[-+]?\d[\d,.]*(e[-+]?\d+)?", "#", line).split())


def commands() -> list[tuple[str, list[str]]]:
    """Each command of the tutorial, with the lines that it is said to print."""
    found = []
    for block in blocks(TUTORIAL, "console"):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif line.strip() not in ("", "..."):
                found[-1][1].append(line)
    return found


def test_python_of_the_tutorial():
    """Every Python block of the tutorial does what it says, from top to bottom."""
    source = "\n".join(blocks(TUTORIAL, "python"))
    test = doctest.DocTestParser().get_doctest(source, {}, "tutorial", str(TUTORIAL), 0)
    assert len(test.examples) > 10
    told = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=told.append)
    assert not told, "".join(told)


def test_commands_of_the_tutorial(tmp_path, monkeypatch, capsys):
    """Every command of the tutorial prints the lines that it is said to print, whatever the numbers in them."""
    from koepel.cli import app

    monkeypatch.chdir(tmp_path)
    every = commands()
    assert len(every) > 5
    for command, said in every:
        program, *words = shlex.split(command)
        assert program == "koepel"
        with pytest.raises(SystemExit):
            app(words)
        captured = capsys.readouterr()
        printed = {shape(line) for line in (captured.out + captured.err).splitlines()}
        missing = [line for line in said if shape(line) not in printed]
        assert not missing, f"{command} does not print {missing}"


@pytest.mark.parametrize("page", sorted(DOCS.glob("**/*.md")), ids=lambda page: page.stem)
def test_links_between_pages(page):
    """A relative link names a file that is there."""
    if "_build" in page.parts:
        return
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in link and not link.startswith("mailto:"):
            assert (page.parent / link).exists(), f"{page.name} links to {link}"
