"""What a docstring says about a section: a sentence of the code, a paragraph of a test."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from .citations import Citation, Section, citations, labelled
from .specifications import Specification

_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z`'\"§])")


def paragraphs(docstring: str) -> list[str]:
    """Each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", docstring) if part.strip()]


def of_code(docstring: str, default: Specification | None) -> dict[Section, str]:
    """For each section that a docstring of the code names, the sentences that name it.

    The citation itself is left out. Of a sentence that is nothing else the docstring's first sentence takes the place.
    `default` is the specification of a bare `§5.5`.
    """
    text = " ".join(paragraphs(docstring))
    found: defaultdict[Section, list[str]] = defaultdict(list)
    cited = list(citations(text, default))
    first = ""
    for start, end in _sentences(text):
        here = [one for one in cited if start <= one.start < end]
        statement = _without(text[start:end], here, start)
        first = first or statement
        for section in dict.fromkeys(section for one in here for section in one.sections):
            found[section].append(statement or first)
    return {section: " ".join(filter(None, dict.fromkeys(parts))) for section, parts in found.items()}


def of_test(docstring: str, sections_of_test: Collection[Section]) -> dict[Section, str]:
    """What the docstring of a test says about the sections that it is marked with.

    A paragraph that begins with sections and a colon is about these; the first other one is about all the others.
    Raises ValueError if the test is not marked with such a section.
    """
    found: defaultdict[Section, list[str]] = defaultdict(list)
    general = ""
    for paragraph in paragraphs(docstring):
        sections, rule = labelled(paragraph)
        for section in sections:
            found[section].append(rule)
        general = general or ("" if sections else rule)
    if missing := found.keys() - set(sections_of_test):
        raise ValueError(f"not marked with {', '.join(sorted(map(str, missing)))}")
    return {section: " ".join(found[section]) if section in found else general for section in sections_of_test}


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield start, end.start()
        start = end.end()
    yield start, len(text)


def _without(sentence: str, cited: Iterable[Citation], offset: int) -> str:
    """The sentence without citations in parentheses, and without those that it begins with."""
    texts = {sentence[one.start - offset : one.end - offset] for one in cited}
    if not texts:
        return sentence
    one = "(?:" + "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)) + ")"
    several = rf"{one}(?:[,;]? (?:and |or )?{one})*"
    sentence = re.sub(rf" ?\({several}\)", "", sentence)
    return re.sub(rf"^{several}(?:: |[.:]?$)", "", sentence)
