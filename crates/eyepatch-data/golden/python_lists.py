"""Writes python_lists.json: texts and what ast.literal_eval makes of them.

`value` is the list, or null where Python refuses the text or it is no list of strings and None.
Half a pair of UTF-16, which Python's strings may hold and text may not, counts as refused.
`joined` tells that two strings stand side by side, which Python joins and we refuse.

    python3 python_lists.py > python_lists.json
"""

import ast
import io
import json
import random
import tokenize
import warnings

warnings.simplefilter("ignore")

HAND = [
    "['pneumonia', ' pleural effusion']",
    "['normal']",
    "[]",
    "['']",
    "['', 'NSG tube', 'suboptimal study']",
    "['endotracheal tube', 'NSG tube', 'unchanged', '', 'ground glass pattern', ' infiltrates']",
    '["it\'s", \'say "no"\']',
    r"['a\'b', 'c\\d', '\x41\u00e9\U0001f600\101\0', '\q', '\N{BULLET}']",
    "['a',]",
    "['a', None]",
    "['a' 'b']",
    "['C0277877' 'C0032285']",
    "['a', 1]",
    "['a', ['b']]",
    "('a',)",
    "'a'",
    "['a'] ",
    " ['a']",
    "['a'\n, 'b']",
    "['a\nb']",
    "['a", "['a'", "['a',", "[", "]", "", "[,]", "['a',,'b']", "['a']]", "['\\x4']", "['\\ud800']", "[none]",
    "['\\\n']",
    "['ñandú', '日本']",
]
TOKENS = ["[", "]", ",", " ", "'", '"', "\\", "a", "b c", "None", "'x'", '"y"', "'x', ", "\n", "\t", "\\n", "\\x41", "\\8", "é", "1"]


def value(text):
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError):
        return None
    text_only = lambda x: isinstance(x, str) and not any("\ud800" <= c <= "\udfff" for c in x)
    good = isinstance(found, list) and all(x is None or text_only(x) for x in found)
    return found if good else None


def joined(text):
    last = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                continue
            if token.type == last == tokenize.STRING:
                return True
            last = token.type
    except (tokenize.TokenError, SyntaxError):
        pass
    return False


rng = random.Random(1907)
texts = list(HAND)
for _ in range(400):
    inner = "".join(rng.choice(TOKENS) for _ in range(rng.randrange(8)))
    texts.append(f"[{inner}]" if rng.random() < 0.8 else inner)
for _ in range(100):
    items = ["".join(rng.choice("ab '\"\\\n\té😀,[]") for _ in range(rng.randrange(6))) for _ in range(rng.randrange(5))]
    texts.append(repr(items))
texts = [t for t in dict.fromkeys(texts)]
rows = [{"text": t, "value": value(t), "joined": joined(t)} for t in texts]
# One case a line, for reading differences.
print("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]")
