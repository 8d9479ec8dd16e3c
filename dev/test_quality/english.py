"""Which public texts use an expression that the project's style replaces by a plain one.

`python dev/test_quality/english.py [PATH ...]` prints every finding in the tracked files below the paths, or in all of
them. `dev/tests/test_english.py` checks the paths that are clean already.
"""

import argparse
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEST_NAME_LIMIT = 60

_TEXT_FILES = (".html", ".md", ".po", ".sh", ".svg", ".toml", ".txt", ".yaml", ".yml")
_TEXT_NAMES = ("Dockerfile", "Makefile", "run")
_TEST_NAME = re.compile(r"test_\w+")
_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-./]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """An expression to avoid, and what to write instead.

    `wrong` and `right` are examples: the pattern matches every one of the former and none of the latter.
    """

    write: str
    pattern: re.Pattern[str]
    wrong: tuple[str, ...]
    right: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """An expression at a place of a file."""

    path: str
    line: int
    found: str
    write: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.found!r}; write: {self.write}"


def _rule(write: str, pattern: str, wrong: Iterable[str], right: Iterable[str] = ()) -> Rule:
    return Rule(write, re.compile(pattern, re.IGNORECASE), tuple(wrong), tuple(right))


RULES = (
    _rule(
        "is unavailable, is unreachable",
        r"\b(?<!you )(?:is|are|was|were|be|been|while|comes?|goes?) away\b(?! from)"
        r"|\b(?:redis|provider|server|memory) (?:being )?away\b",
        ["Redis is away", "the provider was away", "provider away: refused", "while it is away"],
        ["keep its access while you are away", "the call is far away", "taken away", "keep it away from the data"],
    ),
    _rule("again, once more", r"\banew\b", ["a key is made anew"], ["a new key"]),
    _rule(
        "response, authorization response, consent decision",
        r"\b(?:this|that) answer\b"
        r"|\b(?:an?|the|its|his|her|their|your|whose|each|every|one|first|second|late|same|posted|"
        r"authorization|discovery|introspection|json|token|http|\w+'s) answers?\b(?! (?:to|for) the question)"
        r"|\banswers? (?:of|from) (?:the|a|an) (?:provider|server|service|peer)\b",
        ["the provider's answer", "an answer with 503", "the answer is JSON", "answers from a server"],
        [
            "no answer",
            "the server answers with 503",
            "an application that answers GET",
            "it does not answer",
            "the answer to the question",
        ],
    ),
    _rule(
        "request, parameters",
        r"\b(?:was|were|is|are|be|been|not) asked (?:for|of|by|with|about)\b(?! consent| confirmation| approval)"
        r"|\b(?:what|whatever|whoever|who|it|client|device|caller|request|party|scope|parameter) (?:was |is )?"
        r"asks?(?:ed)?\b(?! (?:the user|for (?:access|consent)))"
        r"|\basks? for (?:a|an|the|some|more|other|its|no)? ?(?:scope|claim|token|code|page|login|key|acr)s?\b"
        r"|\basked-for\b",
        ["the claims that were asked for", "what was asked", "whoever asks", "a client asks for a scope"],
        [
            "the user is asked for consent",
            "the client asks for access to your account",
            "frequently asked questions",
            "the provider asks the user",
        ],
    ),
    _rule(
        "encrypted, decrypted",
        r"\b(?:un)?seal(?:s|ed|ing|er)?\b",
        ["the secret is sealed", "what seals signing keys", "unsealed"],
        ["encrypted with OP_SECRET_KEY"],
    ),
    _rule("fix", r"\bmend(?:s|ed|ing)?\b", ["everything there is to mend"], ["an amendment", "recommended"]),
    _rule(
        "must be, is not a",
        r"\b(?<!there )(?<!whether )(?:is|are|was|were|be|been|being) (?:no (?!longer\b|more\b|less\b|fewer\b|later\b|"
        r"earlier\b|wider\b|older\b|newer\b|larger\b|smaller\b|better\b|worse\b|different\b|easier\b|exception\b|"
        r"one\b|matter\b|-|`)\w+|(?-i:none)\b)",
        ["it is no request object", "None when it is none", "what are no keys", "the value is no time"],
        [
            "it is no longer valid",
            "fields that are None",
            "there is no client",
            "it has no key",
            "there are none",
            "the key is no older",
        ],
    ),
    _rule(
        "duplicate parameter",
        r"\bstands? (?:there )?twice\b|\b(?:is|are|was|were|came|comes) (?:there )twice\b|\bsent more than once\b"
        r"|\bparameter (?:\w+ )?twice\b",
        ["a parameter stands twice", "the name is there twice", "sent more than once: state", "a parameter twice"],
        ["it is called twice", "twice as long"],
    ),
    _rule(
        "internal error; see the provider's log",
        r"\b(?:is|are|was|were) written to (?:the |its |our )?(?:\w+'s )?logs?\b",
        ["It is written to the provider's log."],
        ["See the provider's log.", "The service writes to its log."],
    ),
    _rule(
        "Continue, Deny, Connect a device, Remove access",
        r"^(?-i:Refuse)$|\bto go on\b|\b(?:go|goes|going|went|gone) on\b(?! to\b)"
        r"|\blets? (?:a|the|this) devices? in\b|\bdevice is let in\b"
        r"|\b(?:take|takes|taken|took|taking) (?:(?:it|them|that|this|access|the consent|a consent) )?back\b",
        [
            "Go on",
            "the others go on",
            "Refuse",
            "Let a device in",
            "The device is let in",
            "Take back",
            "the consent was taken back",
        ],
        ["Continue", "The provider refuses the request.", "go on to the next page", "take it to the back"],
    ),
    _rule(
        "architecture, layers, component",
        r"\b(?:houses?|walls?|doors?|rooms?)\b",
        ["the door for machines", "a room of the house", "behind the wall"],
        ["indoor", "a warehouse"],
    ),
    _rule(
        "pending authorization",
        r"\b(?:wait|waits|waiting|waited) for (?:its|a|the|his|their) (?:person|people)\b"
        r"|\b(?:request|device)s? that waits? for\b",
        ["a request that waits for its person", "a device waits for a person", "requests that wait for a login"],
        ["it waits for Redis", "a pending authorization"],
    ),
    _rule(
        "a name that a reader understands",
        r"\bstrange_json\b|\btls_goodbye\b|\bkind[-_]stand[-_]in\b",
        ["strange_json", "tls_goodbye", "kind-stand-in"],
        ["untrusted_json", "tls_shutdown"],
    ),
)

# Words of identifiers, in lower case, each with what to write instead. `Kept` is one as a class alone.
IDENTIFIER_WORDS = {
    "answer": "response, decision",
    "answering": "responding, serving",
    "answers": "responses, decisions",
    "ask": "request",
    "asked": "requested, request, parameters",
    "asks": "requests",
    "anew": "again",
    "door": "dispatcher",
    "german": "a catalogue, a language",
    "mend": "fix",
    "people": "users",
    "person": "user",
    "persons": "users",
    "seal": "encrypt",
    "sealed": "encrypted, ciphertext",
    "sealer": "encryptor",
    "shop": "client",
    "speak": "send, call",
    "wording": "text, message",
}


def findings(path: Path) -> Iterator[Finding]:
    """The expressions to avoid in a file, and in its name; nothing of a file that holds no text of ours."""
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    yield from _in_text(name, 0, _WORD_BREAK.sub(" ", name))
    if path.suffix == ".py":
        source = path.read_text(encoding="utf-8")
        for line, text in python_texts(source):
            yield from _in_text(name, line, text)
        yield from _in_identifiers(name, source)
    elif path.suffix in _TEXT_FILES or path.name in _TEXT_NAMES:
        for line, text in plain_texts(path.read_text(encoding="utf-8")):
            yield from _in_text(name, line, text)


def python_texts(source: str) -> Iterator[tuple[int, str]]:
    """The comments and strings of a module with their lines; adjacent ones are one text, as a person reads them."""
    joined: list[tuple[int, str]] = []
    kind = None
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            continue
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            text = token.string.lstrip("# ") if token.type == tokenize.COMMENT else _content(token.string)
            if token.type != kind:
                yield from _joined(joined)
                joined = []
            joined.append((token.start[0], text))
            kind = token.type
        else:
            yield from _joined(joined)
            joined, kind = [], None
    yield from _joined(joined)


def plain_texts(source: str) -> Iterator[tuple[int, str]]:
    """The paragraphs of a document with their first lines."""
    paragraph: list[tuple[int, str]] = []
    for number, line in enumerate(source.splitlines(), start=1):
        if line.strip():
            paragraph.append((number, line.strip().lstrip("#>|*- ")))
        else:
            yield from _joined(paragraph)
            paragraph = []
    yield from _joined(paragraph)


def tracked_files(*paths: str) -> list[Path]:
    """The files below the paths that Git tracks."""
    listed = subprocess.run(
        ["git", "ls-files", "--", *paths], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return [ROOT / path for path in listed if (ROOT / path).is_file()]


def _content(literal: str) -> str:
    """A string literal without its prefix and quotes, its escaped line breaks as spaces."""
    body = re.sub(r"\A[a-zA-Z]*(\"\"\"|'''|\"|')(.*)\1\Z", r"\2", literal, flags=re.DOTALL)
    return body.replace("\\n", " ")


def _joined(texts: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    if texts:
        yield texts[0][0], " ".join(" ".join(text for _, text in texts).split())


def _in_text(path: str, line: int, text: str) -> Iterator[Finding]:
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            yield Finding(path, line, match[0], rule.write)


def _in_identifiers(path: str, source: str) -> Iterator[Finding]:
    """The words of each name, once; a test's name is read as a sentence, too, and has a limit."""
    seen = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.NAME or token.string in seen:
            continue
        seen.add(token.string)
        words = _WORD_BREAK.sub(" ", token.string).lower().split()
        for word in IDENTIFIER_WORDS.keys() & set(words):
            yield Finding(path, token.start[0], token.string, IDENTIFIER_WORDS[word])
        if token.string == "Kept":
            yield Finding(path, token.start[0], token.string, "a noun that says what is kept")
        if _TEST_NAME.fullmatch(token.string):
            yield from _in_text(path, token.start[0], " ".join(words[1:]))
            if len(token.string) > TEST_NAME_LIMIT:
                yield Finding(path, token.start[0], token.string, f"at most {TEST_NAME_LIMIT} characters")


def main(arguments: list[str]) -> int:
    """Print the findings; the exit status is 1 if there are any."""
    parser = argparse.ArgumentParser(description="Find expressions that the project's style replaces.")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; default: the whole repository")
    found = [finding for path in tracked_files(*parser.parse_args(arguments).paths) for finding in findings(path)]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
